import { EVERYTHING, Schema, type Filter, type Session } from '@ormolu/kernel';
import { char, defineModels, integer, many2one, memory, one2many, openOrmolu, pglite, remote, serve, type Storage } from 'ormolu';

/** Of the program that serves. */
const models = defineModels({
  user: { name: char(), role: char() },
  person: { name: char(), salary: integer({ groups: ['hr'] }), boss: many2one('person', { groups: ['hr'] }), staff: one2many('person', 'boss'), note: char({ groups: ['hr'] }) },
}).options('person', { order: ['salary', 'name'] });
const [CLERK, OFFICER] = [1, 2];

/** A database with a clerk, who is in no group, and an officer of human resources, its server, and a client of each. */
async function world(storage: Storage) {
  const below = await openOrmolu({ models, storage, users: 'user', groupsOf: (env) => (env.uid === OFFICER ? ['hr'] : []) });
  await below.migrate();
  const { schema } = below.registry;
  await below.transaction(async (env) => {
    await env.model('user').create([{ name: 'clerk' }, { name: 'officer' }]);
    const boss = await env.model('person').create({ name: 'Ann', salary: 70_077, note: 'secret' });
    await env.model('person').create([{ name: 'Bob', salary: 50_055, boss, note: 'secret' }, { name: 'Cid', salary: 60_066, boss }]);
  });
  const server = await serve(below, { port: 0, auth: (token) => (token === 'worker' ? 'worker' : token === 'clerk' ? { user: CLERK } : token === 'officer' ? { user: OFFICER } : undefined) });
  const [clerk, officer, worker] = ['clerk', 'officer', 'worker'].map((token) => remote(server.url, { token }));
  return {
    below, schema, clerk: clerk as Storage, officer: officer as Storage, worker: worker as Storage, // three of them
    end: async () => {
      for (const client of [clerk, officer, worker]) await client?.close();
      await server.close();
      await below.close();
    },
  };
}

const where = (path: string, operator: 'gt' | 'eq' | 'childOf', value: unknown): Filter => ({ kind: 'condition', path: path.split('.'), operator, value });
const person = { model: 'person', filter: EVERYTHING } as const;

/** Every way to ask for a field that is not to be seen. */
const ATTEMPTS: Readonly<Record<string, (session: Session) => Promise<unknown>>> = {
  'reads it': (session) => session.read({ model: 'person', ids: [1], fields: ['salary'] }),
  'reads it beside another': (session) => session.read({ model: 'person', ids: [1], fields: ['name', 'note'] }),
  'finds with it': (session) => session.query({ ...person, fields: ['salary'] }),
  'filters by it': (session) => session.query({ ...person, filter: where('salary', 'gt', 60_000) }),
  'filters by the negation of it': (session) => session.count({ ...person, filter: { kind: 'not', not: where('note', 'eq', 'secret') } }),
  'filters by it at the end of a path': (session) => session.query({ ...person, filter: where('staff.salary', 'gt', 1) }),
  'filters by a path through it': (session) => session.query({ ...person, filter: where('boss.name', 'eq', 'Ann') }),
  'filters by a list that follows it': (session) => session.query({ ...person, filter: where('staff.name', 'eq', 'Bob') }),
  'filters by what stands below along it': (session) => session.query({ ...person, filter: { kind: 'condition', path: ['id'], operator: 'childOf', value: [1], along: 'boss' } }),
  'orders by it': (session) => session.query({ ...person, order: [{ path: ['salary'], direction: 'desc' }], limit: 1 }),
  'orders by a path through it': (session) => session.query({ ...person, order: [{ path: ['boss', 'name'], direction: 'asc' }] }),
  'counts by it': (session) => session.count({ ...person, filter: where('salary', 'gt', 60_000) }),
  'groups by it': (session) => session.group({ ...person, by: [['boss']], aggregates: [{ function: 'count' }] }),
  'sums it': (session) => session.group({ ...person, by: [], aggregates: [{ function: 'max', path: ['salary'] }] }),
  'streams it': async (session) => { for await (const batch of session.stream({ ...person, fields: ['salary'] })) return batch; return undefined; },
  'reads it behind a savepoint': async (session) => {
    const savepoint = await session.savepoint();
    await session.read({ model: 'person', ids: [1], fields: ['salary'] }).catch(() => undefined);
    await session.rollbackTo(savepoint);
    return session.read({ model: 'person', ids: [1], fields: ['salary'] });
  },
  'adopts another schema first': async (session) => {
    session.adopt(new Schema(session.schema.tables));
    return session.read({ model: 'person', ids: [1], fields: ['salary'] });
  },
  'asks in SQL': (session) => session.sql('select salary from person', []),
  'inserts': (session) => session.insert({ model: 'person', count: 1, fields: ['salary'], columns: [[1]] }),
  'updates': (session) => session.update({ model: 'person', ids: [1], fields: ['name'], columns: [['x']] }),
  'deletes': (session) => session.delete('person', [1]),
  'signals': (session) => session.signal?.(['$models']) ?? Promise.resolve(),
};

describe.each([['memory', () => memory()], ['PGlite', () => pglite()]] as const)('a user of a server over %s', (_, open) => {
  let here: Awaited<ReturnType<typeof world>>;
  beforeAll(async () => { here = await world(open()); });
  afterAll(() => here.end());

  const inSession = async <T>(client: Storage, work: (session: Session) => Promise<T>, schema = here.schema): Promise<T> => {
    const session = await client.open({ schema, sight: true });
    try {
      return await work(session);
    } finally {
      await session.rollback();
    }
  };

  test.each(Object.entries(ATTEMPTS))('who is not in its group gets nothing of a field when he %s', async (_name, attempt) => {
    const answer = await inSession(here.clerk, attempt).then((value) => ({ value }), (error: unknown) => ({ error: error as Error & { readonly code?: string } }));
    expect(answer).toMatchObject({ error: { code: expect.stringMatching(/^(FIELD_UNKNOWN|REMOTE_FORBIDDEN|STORAGE_[A-Z_]+|QUERY_[A-Z_]+|GROUP_[A-Z]+)$/) as string } });
    expect(JSON.stringify(answer)).not.toMatch(/secret|70077|50055|60066/);
  });

  test('what he may see he is sent, in an order that tells nothing', async () => {
    const { ids, columns } = await inSession(here.clerk, (session) => session.query({ ...person, fields: ['name'] }));
    expect([ids, columns]).toEqual([[1, 2, 3], [['Ann', 'Bob', 'Cid']]]);
    const officers = await inSession(here.officer, (session) => session.query({ ...person, fields: ['name', 'salary'] }));
    expect(officers.columns).toEqual([['Bob', 'Cid', 'Ann'], [50_055, 60_066, 70_077]]);
  });

  test('what a worker has put into the server\'s cache is not sent to him', async () => {
    await inSession(here.worker, (session) => session.read({ model: 'person', ids: [1, 2, 3], fields: ['name', 'salary', 'note'], stamped: true }));
    const read = await inSession(here.clerk, (session) => session.read({ model: 'person', ids: [1, 2, 3], fields: ['name'] }));
    expect(JSON.stringify(read)).not.toMatch(/secret|70077/);
    await expect(inSession(here.clerk, ATTEMPTS['reads it'] ?? (() => Promise.resolve()))).rejects.toMatchObject({ code: 'FIELD_UNKNOWN' });
  });

  test('the change log tells him of changes of what he sees, and of no others', async () => {
    const rows = () => inSession(here.clerk, async (session) => (await session.sight?.())?.log.rowsOf({ model: 'person' }) ?? []);
    await rows();
    await here.below.transaction((env) => env.model('person').browse(1).write({ salary: 80_000 }));
    expect(await rows()).toEqual([]);
    await here.below.transaction((env) => env.model('person').browse(1).write({ name: 'Anna', note: 'secret' }));
    expect((await rows()).map(({ id, fields }) => [Number(id), fields])).toEqual([[1, ['name']]]);
    await here.below.transaction((env) => env.model('person').browse(1).write({ name: 'Ann', salary: 70_077 }));
  });

  test('he migrates nothing, trims nothing and asks after nobody\'s commits', async () => {
    for (const ask of [() => here.clerk.migrate(here.schema), () => here.clerk.plan(here.schema), () => here.clerk.changeLog?.trim() ?? Promise.resolve()]) await expect(ask()).rejects.toMatchObject({ code: 'REMOTE_FORBIDDEN' });
  });

  test('models of his own that name other tables are refused', async () => {
    const own = new Schema(here.schema.tables.map((table) => (table.model === 'person' ? { ...table, table: 'user' } : table)));
    await expect(inSession(here.clerk, (session) => session.count(person), own)).rejects.toMatchObject({ code: 'REMOTE_MODELS' });
  });
});
