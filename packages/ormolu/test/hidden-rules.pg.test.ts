import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { char, defineModels, many2one, memory, openOrmolu, pglite, postgres, remote, serve } from 'ormolu';

const models = defineModels({
  user: { name: char() }, vault: { name: char() },
  flawed: { name: char(), key: char({ default: (): string => { throw new Error('psst'); }, groups: ['hr'] }) },
  person: { name: char(), nick: char({ unique: true }), payroll: char({ store: true, unique: true, groups: ['hr'] }), safe: many2one('vault', { store: true, groups: ['hr'] }), grade: char({ store: true, required: true, precompute: true, groups: ['hr'] }) },
})
  .compute('person', 'payroll', ['name'], (person) => person.name)
  .compute('person', 'safe', ['name'], (person) => (person.name === 'ghost' ? 99 : null))
  .compute('person', 'grade', ['name'], (person) => (person.name === 'nobody' ? null : 'A') as string); // as a program without types has it

let database: ScratchDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

test.each([
  ['memory', () => memory()], ['PGlite', () => pglite()], ['PostgreSQL', () => postgres(database.url)],
] as const)('over %s, a user whose write breaks a rule of what he does not see is told that, and neither its name nor whose value it is', async (_, open) => {
  const below = await openOrmolu({ models, storage: open(), users: 'user', groupsOf: () => [] });
  await below.migrate();
  await below.transaction(async (env) => {
    await env.model('person').create({ name: 'Ann', nick: 'A' });
  });
  const faults: unknown[] = [];
  const server = await serve(below, { port: 0, auth: () => ({ user: 1, mayWrite: true }), onFault: (fault) => faults.push(fault) });
  const client = remote(server.url, { token: 'clerk' });
  const told = async (name: string, nick: string, model = 'person'): Promise<{ readonly code?: string; readonly message?: string }> => {
    const session = await client.open({ schema: below.registry.schema });
    try {
      await session.insert({ model, count: 1, fields: ['name', ...model === 'person' ? ['nick'] : []], columns: [[name], ...model === 'person' ? [[nick]] : []] });
      await session.commit();
      return {};
    } catch (error) {
      return error as Error;
    } finally {
      await session.rollback();
    }
  };
  for (const [name, code] of [['Ann', 'STORAGE_UNIQUE'], ['nobody', 'TX_REQUIRED'], ['ghost', 'STORAGE_FOREIGN_KEY']] as const) {
    const { code: refused, message } = await told(name, name);
    expect([name, refused, message]).toEqual([name, code, expect.stringContaining('does not see')]);
    expect(message).not.toMatch(/payroll|grade|safe|vault|\bid\b/);
  }
  // What the program's own functions throw may quote anything: it is told to its keeper.
  expect(await told('any', '', 'flawed')).toMatchObject({ code: 'REMOTE_FAULT', message: expect.not.stringMatching(/psst|key/) });
  expect(faults).toEqual([expect.objectContaining({ code: 'TX_DEFAULT_FAILED' })]);
  expect(await told('Bob', 'A')).toMatchObject({ code: 'STORAGE_UNIQUE', message: expect.stringContaining('nick') });
  await client.close();
  await server.close();
  await below.close();
});
