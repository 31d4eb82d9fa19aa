import { CuttingProxy } from '../../remote/test/support/cutting-proxy';
import { char, defineModels, memory, openOrmolu, pglite, remote, serve } from 'ormolu';

const models = defineModels({ user: { name: char() }, person: { name: char(), label: char({ store: true }) } })
  .compute('person', 'label', ['name'], (person) => {
    person.env.transaction.postrollback.add(() => { throw new Error('The hook fails.'); });
    return `* ${String(person.name)}`;
  });

test.each([
  ['memory', () => memory()], ['PGlite', () => pglite()],
] as const)('over %s, a hook that fails when a transaction of a user is rolled back, and nobody waits for it, is told to the keeper: others are served', async (_, open) => {
  const below = await openOrmolu({ models, storage: open(), users: 'user', groupsOf: () => [] });
  await below.migrate();
  const faults: unknown[] = [];
  const server = await serve(below, { port: 0, auth: () => ({ user: 1, mayWrite: true }), limits: { idleTimeout: '150ms' }, onFault: (fault) => faults.push(fault) });
  const write = async (url: string = server.url) => {
    const client = remote(url, { token: 'clerk' });
    const session = await client.open({ schema: below.registry.schema });
    await session.insert({ model: 'person', count: 1, fields: ['name'], columns: [['Ann']] });
    return { client, session };
  };
  const told = async (count: number) => {
    for (let tries = 0; tries < 500 && (faults.length < count || server.stats().transactions > 0); tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
    expect(faults.flatMap((fault) => (fault as AggregateError).errors as readonly unknown[])).toEqual(Array.from({ length: count }, () => new Error('The hook fails.'))); // as rollback() throws it
    expect(server.stats().transactions).toBe(0);
  };

  // Idle for too long.
  const idle = await write();
  await told(1);
  await idle.session.rollback();
  await idle.client.close();

  // Gone, without a word.
  const proxy = await CuttingProxy.before(server.port);
  const gone = await write(proxy.url);
  await proxy.close();
  await told(2);
  await gone.session.rollback();
  await gone.client.close();

  const client = remote(server.url, { token: 'clerk' });
  const session = await client.open({ schema: below.registry.schema });
  expect(await session.count({ model: 'person', filter: { kind: 'and', all: [] } })).toBe(0);
  await session.rollback();
  await client.close();
  await server.close();
  await below.close();
});
