import { createDatabase, FaultyProxy, startOwnPostgres, type OwnPostgres, type ScratchDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import { char, defineModels, integer, many2one, one2many, openOrmolu, OrmoluError, OutageError, postgres, type DefinitionsOf, type EnvironmentOf, type Ormolu } from '../src/index';

const models = defineModels({
  country: { name: char(), cities: one2many('city', 'country'), population: integer({ store: true }) },
  city: { name: char({ unique: true }), size: integer(), country: many2one('country'), label: char({ store: true }) },
})
  .compute('city', 'label', ['name', 'country.name'], (city) => `${city.name ?? ''}, ${city.country?.name ?? '-'}`)
  .compute('country', 'population', ['cities.size'], (country) => country.cities.mapped('size').reduce<number>((sum, size) => sum + (size ?? 0), 0));

type Definitions = DefinitionsOf<typeof models>;
type Database = Ormolu<Definitions>;
type Environment = EnvironmentOf<Definitions>;

const OTHERS = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";

/** Lets others through when it is opened. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** What somebody finds who comes by a connection of his own. */
async function asked(url: string, text: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query({ text, rowMode: 'array' });
  await client.end();
  return (rows as unknown[][]).map(([first]) => first); // as `rowMode` makes them
}

/** The error that a promise ends with. */
const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'none', (error: unknown) => error);
/** Loads and changes a record: the cache, the queues and computed fields have something to lose. */
const change = async (env: Environment, name: string): Promise<void> => {
  const [ghent] = await (await env.model('city').search({ id: 1 })).load(['label', 'country.population']);
  await ghent?.write({ name, size: 1000 });
};
const seen = (db: Database): Promise<unknown> => db.transaction(async (env) => {
  const [ghent] = await (await env.model('city').search({ id: 1 })).load(['name', 'label', 'country.population']);
  return env.run(() => [ghent?.name, ghent?.label, ghent?.country?.population]);
});
const filled = async (url: string): Promise<void> => {
  const db = await openOrmolu({ models, storage: postgres(url) });
  await db.migrate();
  await db.transaction(async (env) => {
    const belgium = await env.model('country').create({ name: 'Belgium' });
    await env.model('city').create([{ name: 'Ghent', size: 5, country: belgium }, { name: 'Ypres', size: 3, country: belgium }]);
  });
  await db.close();
};
const BEFORE = ['Ghent', 'Ghent, Belgium', 8];

/** Ends the test's database, and looks whether it has left a connection behind. */
async function closed(db: Database, url: string): Promise<void> {
  await db.close();
  for (let tries = 0; tries < 2000 && (await asked(url, `select 1 ${OTHERS}`)).length > 0; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 5); });
  expect(await asked(url, `select query ${OTHERS}`)).toEqual([]);
}

describe('a connection that breaks', () => {
  let database: ScratchDatabase;
  let proxy: FaultyProxy;
  let db: Database;

  beforeEach(async () => {
    database = await createDatabase();
    await filled(database.url);
    proxy = await FaultyProxy.before(database.url);
    db = await openOrmolu({ models, storage: postgres({ connectionString: proxy.url, max: 2, connectionTimeoutMillis: 2000 }) });
    expect(await seen(db)).toEqual(BEFORE);
  });
  afterEach(async () => {
    proxy.fault = {};
    await closed(db, database.url);
    await proxy.close();
    await database.drop();
  });
  const terminate = (): Promise<unknown> => asked(database.url, `select pg_terminate_backend(pid) ${OTHERS}`);
  /** The database goes on with everything as it was, and with what others have committed since. */
  const goesOn = async (expected: readonly unknown[] = BEFORE): Promise<void> => {
    expect(await seen(db)).toEqual(expected);
    await asked(database.url, "update city set name = 'Gent', label = 'Gent, Belgium' where id = 1");
    expect(await seen(db)).toEqual(['Gent', 'Gent, Belgium', expected[2]]);
    await db.transaction((env) => change(env, 'Gand'));
    expect(await asked(database.url, 'select label from city where id = 1')).toEqual(['Gand, Belgium']);
    expect(await seen(db)).toEqual(['Gand', 'Gand, Belgium', 1003]);
  };

  const faults: readonly { readonly when: string; readonly work: (env: Environment) => Promise<unknown> }[] = [
    { when: 'before a read', work: (env) => terminate().then(() => env.model('city').search({ name: 'Ypres' })) },
    { when: 'before a count', work: (env) => terminate().then(() => env.model('city').count({ size: 77 })) },
    { when: 'before groups', work: (env) => terminate().then(() => env.model('city').readGroup({ by: ['country'], sum: ['size'] })) },
    { when: 'before a flush', work: async (env) => { await change(env, 'lost'); await terminate(); await env.flush(); } },
    { when: 'before the flush of the commit', work: async (env) => { await change(env, 'lost'); await terminate(); } },
    { when: 'behind a flush', work: async (env) => { await change(env, 'lost'); await env.flush(); await terminate(); await env.model('city').create({ name: 'x' }); } },
    { when: 'before a create', work: (env) => terminate().then(() => env.model('city').create({ name: 'lost' })) },
    { when: 'before an unlink', work: async (env) => { const cities = await env.model('city').search({}); await terminate(); await cities.unlink(); } },
    { when: 'in env.run', work: async (env) => { await terminate(); await env.run(() => env.model('city').browse(2).name); } },
    { when: 'in a savepoint', work: async (env) => { await change(env, 'lost'); await env.transaction.savepoint(async () => { await terminate(); await env.model('city').create({ name: 'lost' }); }); } },
    { when: 'in a statement of one\'s own', work: (env) => env.sql('select pg_terminate_backend(pg_backend_pid())') },
  ];
  test.each(faults)('$when: the work fails with what happened, memory is failed and then closed, nothing is written, and the next transaction works', async ({ work }) => {
    // The local cache would answer some of it.
    await db.clearCaches();
    let kept: Environment | undefined;
    let executions = 0;
    const states: string[] = [];
    const error = await failureOf(db.transaction(async (env) => {
      executions += 1;
      kept = env;
      env.transaction.prerollback.add(() => { states.push(env.transaction.state); });
      env.transaction.postcommit.add(() => { states.push('committed'); });
      // Met before, so that a new connection cannot stand in for it.
      await env.sql('select 1');
      await work(env);
    }));
    expect(error).toBeInstanceOf(OutageError);
    expect(error).toMatchObject({ code: 'STORAGE_CONNECTION_LOST' });
    expect(executions).toBe(1);
    expect(states).toEqual(['failed']);
    expect(kept?.transaction.state).toBe('closed');
    expect([...(kept?.transaction.towrite ?? [])]).toEqual([]);
    expect(() => kept?.model('city').browse(1).name).toThrow(expect.objectContaining({ code: 'TX_STATE' }) as Error);
    await goesOn();
  });

  test.each([
    ['a read', (env: Environment) => env.model('city').count({ size: 7 })],
    ['a flush', async (env: Environment) => { env.model('city').browse(1).size = 7; await env.flush(); }],
    ['a savepoint', (env: Environment) => env.transaction.savepoint(() => env.model('city').create({ name: 'lost' }))],
    ['env.run', (env: Environment) => env.run(() => env.model('country').where({ name: 'x' }).length)],
  ] as const)('work that catches the failure of %s cannot be committed by it', async (_, step) => {
    await db.clearCaches();
    const states: string[] = [];
    const error = await failureOf(db.transaction(async (env) => {
      await change(env, 'lost');
      await env.flush();
      await terminate();
      expect(await failureOf(step(env))).toMatchObject({ code: 'STORAGE_CONNECTION_LOST' });
      states.push(env.transaction.state);
      expect(await failureOf(env.model('city').count({ size: 8 }))).toMatchObject({ code: expect.stringMatching(/^(TX_STATE|STORAGE_SESSION_STATE)$/) as string });
    }));
    expect(states).toEqual(['failed']);
    expect(error).toMatchObject({ code: 'TX_STATE' });
    await goesOn();
  });

  test.each([['before', false], ['after answer', true]] as const)('lost %s of COMMIT: the outcome is said to be unknown, nothing is tried again, and caches say what is so', async (when, isThere) => {
    const ran: string[] = [];
    let kept: Environment | undefined;
    const error = await failureOf(db.transaction(async (env) => {
      ran.push('work');
      kept = env;
      env.transaction.postcommit.add(() => { ran.push('postcommit'); });
      env.transaction.postrollback.add(() => { ran.push('postrollback'); });
      await change(env, 'unsure');
      await env.flush();
      proxy.fault = { on: 'commit', when };
    }));
    proxy.fault = {};
    expect(error).toBeInstanceOf(OutageError);
    expect(error).toMatchObject({ code: 'STORAGE_COMMIT_UNKNOWN' });
    expect(ran).toEqual(['work', 'postrollback']);
    expect(kept?.transaction.state).toBe('closed');
    // The server may take a moment to notice that its client is gone.
    for (let tries = 0; tries < 2000 && (await asked(database.url, `select 1 ${OTHERS}`)).length > 0; tries += 1);
    await goesOn(isThere ? ['unsure', 'unsure, Belgium', 1003] : BEFORE);
  });

  test('an idle connection that is gone is replaced before anything is sent, unseen', async () => {
    await terminate();
    await goesOn();
  });

  test('at SERIALIZABLE the connection kept for the poll may break too: the work fails or succeeds, and later ones are answered', async () => {
    const serializable = (): Promise<unknown> => db.transaction((env) => env.run(() => env.model('city').browse(1).name), { isolation: 'serializable' });
    expect(await serializable()).toBe('Ghent');
    await terminate();
    const first = await failureOf(serializable());
    if (OrmoluError.is(first)) expect(first).toBeInstanceOf(OutageError);
    expect(await serializable()).toBe('Ghent');
    await goesOn();
  });

  test('a migration that loses its connection has changed nothing', async () => {
    const wider = await openOrmolu({ models: models.extend({ city: { mayor: char({ default: 'nobody' }) } }), storage: postgres(proxy.url) });
    proxy.fault = { on: 'update "city"', when: 'before' };
    expect(await failureOf(wider.migrate())).toMatchObject({ code: 'STORAGE_CONNECTION_LOST' });
    proxy.fault = {};
    expect((await wider.planMigration()).added).toEqual([{ model: 'city', field: 'mayor' }]);
    expect((await wider.migrate()).filled).toEqual([{ model: 'city', fields: ['mayor'], records: 2 }]);
    await wider.close();
    await goesOn();
  });

  test('a pool in which nothing is free is an error that says so; whoever holds it goes on, and then others do', async () => {
    const narrow = await openOrmolu({ models, storage: postgres({ connectionString: database.url, max: 1, connectionTimeoutMillis: 50 }) });
    const [holds, goOn] = [gate(), gate()];
    const holder = narrow.transaction(async (env) => {
      await change(env, 'kept');
      await env.flush();
      expect(await failureOf(narrow.transaction(() => 1))).toMatchObject({ code: 'STORAGE_REFUSED', message: expect.stringContaining('all 1 connections of the pool are in use') as string });
      holds.open();
      await goOn.opened;
      await env.model('city').create({ name: 'Bruges' });
    });
    await Promise.race([holder, holds.opened]);
    expect(await failureOf(narrow.migrate())).toMatchObject({ code: 'STORAGE_REFUSED' });
    goOn.open();
    await holder;
    expect(await seen(narrow)).toEqual(['kept', 'kept, Belgium', 1003]);
    await narrow.close();
    await goesOn(['kept', 'kept, Belgium', 1003]);
  });
});

test('where nobody listens, every call says so, with what to do', async () => {
  const db = await openOrmolu({ models, storage: postgres('postgres://me:secret@127.0.0.1:1/nowhere') });
  const calls: readonly (() => Promise<unknown>)[] = [() => db.transaction(() => 1), () => db.migrate(), () => db.planMigration(), () => db.clearCaches('group'), () => db.bufferHits(), () => db.reload(models)];
  for (const call of calls) {
    const error = await failureOf(call());
    expect(error).toMatchObject({ code: 'STORAGE_REFUSED', message: expect.stringContaining('nothing listens') as string });
    expect((error as Error).message).not.toContain('secret');
  }
  await db.close();
});

describe('a server that is restarted', () => {
  let server: OwnPostgres;
  let db: Database;
  beforeAll(async () => {
    server = await startOwnPostgres();
    await filled(server.url);
  });
  beforeEach(async () => {
    db = await openOrmolu({ models, storage: postgres({ connectionString: server.url, max: 3 }) });
    expect(await seen(db)).toEqual(BEFORE);
  });
  afterEach(() => closed(db, server.url));
  afterAll(() => server.stop());

  test.each(['fast', 'crash'] as const)('%s: transactions that run fail once, what is committed stays, caches are still true, the next transactions work', async (how) => {
    const ran = new Set<number>();
    let arrived = 0;
    let restarted = (): void => undefined;
    const back = new Promise<void>((resolve) => { restarted = resolve; });
    const writers = [1, 2, 3].map((writer) => failureOf(db.transaction(async (env) => {
      expect(ran.has(writer)).toBe(false);
      ran.add(writer);
      if (writer === 1) await change(env, 'lost');
      else await env.model('city').create({ name: `lost ${String(writer)}` });
      await env.flush();
      arrived += 1;
      await back;
      await env.flush();
      await env.model('city').count({ size: 1 });
    })));
    for (const deadline = Date.now() + 10_000; arrived < 3 && Date.now() < deadline;) await new Promise((resolve) => { setImmediate(resolve); });
    await server.restart(how);
    restarted();
    for (const error of await Promise.all(writers)) expect(error).toBeInstanceOf(OutageError);
    expect(await Promise.all([seen(db), seen(db), seen(db)])).toEqual([BEFORE, BEFORE, BEFORE]);
    await asked(server.url, "update city set name = 'Gent', label = 'Gent, Belgium' where id = 1");
    expect(await seen(db)).toEqual(['Gent', 'Gent, Belgium', 8]);
    await db.transaction((env) => env.model('city').browse(1).write({ name: 'Ghent' }));
    expect(await seen(db)).toEqual(BEFORE);
    expect(await asked(server.url, 'select count(*)::int from city')).toEqual([2]);
  });
});
