import { EVERYTHING, Schema, type Session, type Storage } from '@ormolu/kernel';
import type { RemoteStorage } from '@ormolu/remote';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { CuttingProxy } from './support/cutting-proxy';
import { Served } from './support/served';

describe('a statement that runs for nobody any more', () => {
  let database: ScratchDatabase;
  let beside: Storage;
  let served: Served;
  let proxy: CuttingProxy;

  beforeEach(async () => {
    database = await createDatabase();
    beside = postgres(database.url);
    // Two, so that a place that is not given back would be missed.
    served = await Served.begin({ limits: { keepAlive: '200ms' } }, postgres({ connectionString: database.url, application_name: 'served', max: 2 }));
    await served.add(served.client(), 'held');
    proxy = await CuttingProxy.before(served.server.port);
  });

  afterEach(async () => {
    await proxy.close();
    await served.end();
    await beside.close();
    await database.drop();
  });

  const open = (): Promise<Session> => beside.open({ schema: new Schema([]) });
  /** Connections of the served storage of which that is true. */
  const count = async (condition: string): Promise<number> => {
    const session = await open();
    try {
      return Number((await session.sql(`select count(*) from pg_stat_activity where datname = current_database() and application_name = 'served' and ${condition}`, []))[0]?.['count']);
    } finally {
      await session.rollback();
    }
  };
  const until = async (isSo: () => Promise<boolean> | boolean): Promise<void> => { while (!await isSo()) await new Promise((resolve) => { setTimeout(resolve, 5); }); };
  const codeOf = (work: Promise<unknown>): Promise<unknown> => work.then(() => 'done', (error: unknown) => (error as { code: unknown }).code);
  const isRunning = async (): Promise<boolean> => await count("wait_event in ('PgSleep', 'transactionid') and state = 'active'") > 0;

  const STATEMENTS: readonly (readonly [string, (session: Session) => Promise<unknown>])[] = [
    ['SQL of the client', (session) => session.sql('select pg_sleep(600)', [])],
    ['an update that waits for a lock', (session) => session.update({ model: 'city', ids: [1], fields: ['name'], columns: [['lost']] })],
  ];
  type Given = { readonly client: RemoteStorage; readonly session: Session };
  const ENDS: readonly (readonly [string, (given: Given) => Promise<unknown>, string])[] = [
    ['is closed', () => served.server.disconnect('worker'), 'REMOTE_CONNECTION_LOST'],
    ['vanishes without a word', () => { proxy.cutsAt = 'mute'; return until(() => served.server.stats().connections === 1); }, 'REMOTE_CONNECTION_LOST'],
    ['breaks off', () => proxy.close(), 'REMOTE_CONNECTION_LOST'],
    ['waits no longer than callTimeout', async ({ session }) => { await until(() => session.state === 'failed'); await session.rollback(); }, 'REMOTE_DEADLINE'],
    ['has its server closed', () => served.stop(), 'REMOTE_CONNECTION_LOST'],
  ];
  const proxied = (callTimeout: '500ms' | '5m' = '5m'): RemoteStorage => served.client({ callTimeout, keepAlive: '200ms' }, proxy.url);

  test.each(ENDS.flatMap(([how, end, code]) => STATEMENTS.map(([what, state]) => [what, how, { state, end, code }] as const)))('%s ends when its client %s, its locks are free, and its connection serves the next', async (_what, _how, { state, end, code }) => {
    const holder = await open();
    await holder.sql('select * from city where id = 1 for update', []);
    const client = proxied(code === 'REMOTE_DEADLINE' ? '500ms' : '5m');
    const session = await client.open({ schema: served.schema });
    await session.insert({ model: 'city', count: 1, fields: ['name'], columns: [['lost']] });
    const stated = codeOf(state(session));
    await until(isRunning);
    await end({ client, session });
    await until(async () => await count('xact_start is not null') === 0);
    expect([await stated, await count("state = 'active'")]).toEqual([code, 0]);
    await session.rollback();
    await holder.rollback();
    // What it held, somebody else has at once.
    const locking = await open();
    await locking.sql('lock table city in access exclusive mode nowait', []);
    await locking.rollback();
    expect(await served.names()).toEqual(['held']);
    const both = [await served.below.open({ schema: served.schema }), await served.below.open({ schema: served.schema })];
    for (const next of both) expect(await next.count({ model: 'city', filter: EVERYTHING })).toBe(1);
    for (const next of both) await next.rollback();
    expect(await count('true')).toBeLessThanOrEqual(3);
  });

  test.each(STATEMENTS)('%s ends when the time of its transaction is up, and what it held is free', async (_, state) => {
    const holder = await open();
    await holder.sql('select * from city where id = 1 for update', []);
    await served.end();
    served = await Served.begin({ limits: { maxTransactionTime: '400ms' } }, postgres({ connectionString: database.url, application_name: 'served', max: 2 }));
    const session = await served.client().open({ schema: served.schema });
    await session.insert({ model: 'city', count: 1, fields: ['name'], columns: [['lost']] });
    expect([await codeOf(state(session)), session.state]).toEqual(['REMOTE_TOO_LONG', 'failed']);
    await until(async () => await count('xact_start is not null') === 0);
    await session.rollback();
    await holder.rollback();
    expect(await served.names()).toEqual(['held']);
  });

  test('a rollback behind a statement that its client waits for does not stop it', async () => {
    const session = await served.client().open({ schema: served.schema });
    const [slept] = await Promise.all([codeOf(session.sql('select pg_sleep(0.1)', [])), session.rollback()]);
    expect(slept).toBe('done');
  });
});
