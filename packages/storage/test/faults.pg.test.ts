import { EVERYTHING, OutageError, Schema, type Session, type Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, FaultyProxy, type ScratchDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import { column } from '../src/compliance/fixture';

const SCHEMA = new Schema([{ model: 'city', table: 'city', idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [], columns: [column('name', 'text')] }]);

describe('faults of a real server', () => {
  let database: ScratchDatabase;
  let admin: Client;
  let proxy: FaultyProxy;
  const storages: Storage[] = [];

  beforeAll(async () => {
    database = await createDatabase();
    admin = new Client({ connectionString: database.url });
    await admin.connect();
    const storage = postgres(database.url);
    await storage.migrate(SCHEMA);
    await storage.close();
  });

  beforeEach(async () => {
    await admin.query('truncate city');
    proxy = await FaultyProxy.before(database.url);
  });

  afterEach(async () => {
    for (const storage of storages.splice(0)) await storage.close();
    await proxy.close();
    // No fault may leave a connection behind: only the tests' own is there.
    for (let tries = 0; tries < 2000 && await others() > 0; tries += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(await others()).toBe(0);
  });

  afterAll(async () => {
    await admin.end();
    await database.drop();
  });

  const others = async (): Promise<number> => {
    const { rows } = await admin.query<{ count: string }>('select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = \'client backend\'');
    return Number(rows[0]?.count);
  };
  const through = (url: string, options: object = {}): Storage => {
    const storage = postgres({ connectionString: url, ...options });
    storages.push(storage);
    return storage;
  };
  const add = (session: Session, name: string): Promise<unknown> => session.insert({ model: 'city', count: 1, fields: ['name'], columns: [[name]] });
  const kept = async (): Promise<string[]> => (await admin.query<{ name_col: string }>('select name_col from city order by id')).rows.map(({ name_col: name }) => name);
  const terminateOthers = (): Promise<unknown> => admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = \'client backend\'');

  test('a backend terminated between statements fails the session, undoes all, and the next one works', async () => {
    const storage = through(database.url);
    const session = await storage.open({ schema: SCHEMA });
    await add(session, 'lost');
    await terminateOthers();
    const error: unknown = await add(session, 'also lost').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OutageError);
    expect(error).toMatchObject({ code: 'STORAGE_CONNECTION_LOST' });
    expect(session.state).toBe('failed');
    await expect(session.count({ model: 'city', filter: EVERYTHING })).rejects.toMatchObject({ code: 'STORAGE_SESSION_STATE' });
    await session.rollback();
    const next = await storage.open({ schema: SCHEMA });
    await add(next, 'kept');
    await next.commit();
    expect(await kept()).toEqual(['kept']);
  });

  test('a backend terminated during a statement fails it', async () => {
    const storage = through(database.url);
    const session = await storage.open({ schema: SCHEMA });
    await add(session, 'lost');
    const sleeping = session.sql('select pg_sleep(60)', []).catch((reason: unknown) => reason);
    for (;;) {
      const { rows } = await admin.query('select 1 from pg_stat_activity where datname = current_database() and query like \'select pg_sleep%\' and state = \'active\'');
      if (rows.length > 0) break;
    }
    await terminateOthers();
    expect(await sleeping).toMatchObject({ code: 'STORAGE_CONNECTION_LOST' });
    expect(session.state).toBe('failed');
    await session.rollback();
    expect(await kept()).toEqual([]);
  });

  test('idle connections that the server ends leave the pool unseen', async () => {
    const storage = through(database.url);
    const sessions = await Promise.all([1, 2, 3].map(() => storage.open({ schema: SCHEMA })));
    for (const session of sessions) await session.count({ model: 'city', filter: EVERYTHING });
    for (const session of sessions) await session.commit();
    await terminateOthers();
    for (let tries = 0; tries < 1000 && await others() > 0; tries += 1);
    const session = await storage.open({ schema: SCHEMA });
    await add(session, 'kept');
    await session.commit();
    expect(await kept()).toEqual(['kept']);
  });

  test.each(['before', 'after answer'] as const)('a connection that breaks %s the end of a transaction in which nothing was asked, and that another is given, is replaced, so that nobody notices', async (when) => {
    const storage = through(proxy.url);
    const look = async (): Promise<Session> => {
      const session = await storage.open({ schema: SCHEMA, sight: true });
      expect(await session.sight?.()).toBeDefined();
      return session;
    };
    await (await look()).commit();
    await (await look()).commit();
    proxy.fault = { on: 'commit', when };
    const session = await storage.open({ schema: SCHEMA, sight: true });
    // Broken once: what is sent instead has no COMMIT.
    await add(session, 'kept');
    proxy.fault = {};
    await session.commit();
    expect(await kept()).toEqual(['kept']);
    // Sent alone, and lost behind it.
    await (await look()).commit();
    await terminateOthers();
    const next = await look();
    expect(await next.count({ model: 'city', filter: EVERYTHING })).toBe(1);
    await next.commit();
  });

  test('a connection that died in the pool is replaced before the first statement, so that nobody notices', async () => {
    const storage = through(proxy.url);
    const open = async (): Promise<Session> => storage.open({ schema: SCHEMA });
    const sessions = await Promise.all([open(), open()]);
    for (const session of sessions) await session.count({ model: 'city', filter: EVERYTHING });
    // Taken from the pool while they look alive, gone when they are used.
    for (const session of sessions) await session.commit();
    const session = await open();
    await terminateOthers();
    await add(session, 'kept');
    await session.commit();
    expect(await kept()).toEqual(['kept']);
  });

  test('a server that is gone altogether is a lost connection, after a few tries', async () => {
    const storage = through(proxy.url);
    const session = await storage.open({ schema: SCHEMA });
    proxy.fault = { on: 'begin', when: 'before' };
    await expect(add(session, 'lost')).rejects.toMatchObject({ code: 'STORAGE_CONNECTION_LOST' });
    expect(session.state).toBe('failed');
    await session.rollback();
    proxy.fault = {};
  });

  test('nobody listening is refused with what to do', async () => {
    const storage = through('postgres://postgres@127.0.0.1:1/nowhere');
    await expect(storage.open({ schema: SCHEMA })).rejects.toMatchObject({ code: 'STORAGE_REFUSED', message: expect.stringContaining('nothing listens') });
    await expect(storage.migrate(SCHEMA)).rejects.toMatchObject({ code: 'STORAGE_REFUSED' });
  });

  test('a database that does not exist is refused with what to do', async () => {
    const url = new URL(database.url);
    url.pathname = '/ormolu_absent';
    await expect(through(url.href).open({ schema: SCHEMA })).rejects.toMatchObject({ code: 'STORAGE_REFUSED', message: expect.stringContaining('does not exist') });
  });

  test('an exhausted pool is an error that says so, and serves again when a session has ended', async () => {
    const storage = through(database.url, { max: 1, connectionTimeoutMillis: 50 });
    const first = await storage.open({ schema: SCHEMA });
    await expect(storage.open({ schema: SCHEMA })).rejects.toMatchObject({ code: 'STORAGE_REFUSED', message: expect.stringContaining('all 1 connections of the pool are in use') });
    await first.rollback();
    await (await storage.open({ schema: SCHEMA })).rollback();
  });

  test('a statement over its time is cancelled, and the session can return to a savepoint', async () => {
    const storage = through(database.url, { statement_timeout: 50 });
    const session = await storage.open({ schema: SCHEMA });
    await add(session, 'kept');
    const savepoint = await session.savepoint();
    await expect(session.sql('select pg_sleep(60)', [])).rejects.toMatchObject({ code: 'STORAGE_TIMEOUT' });
    expect(session.state).toBe('failed');
    await session.rollbackTo(savepoint);
    await session.commit();
    expect(await kept()).toEqual(['kept']);
  });

  test.each([['before', []], ['after answer', ['unsure']]] as const)('a connection lost %s of COMMIT is an unknown outcome', async (when, expected) => {
    const storage = through(proxy.url);
    const session = await storage.open({ schema: SCHEMA });
    await add(session, 'unsure');
    proxy.fault = { on: 'commit', when };
    const error: unknown = await session.commit().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OutageError);
    expect(error).toMatchObject({ code: 'STORAGE_COMMIT_UNKNOWN' });
    expect(session.state).toBe('failed');
    await session.rollback();
    expect(session.state).toBe('failed');
    proxy.fault = {};
    // The server may take a moment to notice that its client is gone.
    for (let tries = 0; tries < 1000 && await others() > 0; tries += 1);
    expect(await kept()).toEqual(expected);
    const next = await storage.open({ schema: SCHEMA });
    await add(next, 'next');
    await next.commit();
    expect(await kept()).toEqual([...expected, 'next']);
  });

  test('a connection lost in the middle of an answer fails the statement', async () => {
    const storage = through(proxy.url);
    const filling = await storage.open({ schema: SCHEMA });
    const names = Array.from({ length: 20_000 }, (_, n) => `name ${n}`);
    await filling.insert({ model: 'city', count: names.length, fields: ['name'], columns: [names] });
    await filling.commit();
    const session = await storage.open({ schema: SCHEMA });
    proxy.fault = { answerBytes: 400_000 };
    await expect(session.query({ model: 'city', filter: EVERYTHING, fields: ['name'] })).rejects.toMatchObject({ code: 'STORAGE_CONNECTION_LOST' });
    proxy.fault = {};
    await session.rollback();
    const next = await storage.open({ schema: SCHEMA });
    expect(await next.count({ model: 'city', filter: EVERYTHING })).toBe(20_000);
    await next.rollback();
  });

  describe('a connection lost within a stream', () => {
    const COUNT = 5000;
    const all = { model: 'city', filter: EVERYTHING, fields: ['name'] } as const;
    /** Reads batches until the stream ends or fails. */
    const drained = async (session: Session, onBatch: (seen: number) => unknown): Promise<{ readonly seen: number; readonly error: unknown }> => {
      let seen = 0;
      try {
        for await (const { ids } of session.stream(all, { batchSize: 500 })) {
          seen += ids.length;
          await onBatch(seen);
        }
        return { seen, error: undefined };
      } catch (error) {
        return { seen, error };
      }
    };

    beforeEach(async () => {
      await admin.query(`insert into city (name_col) select 'name ' || n from generate_series(1, ${COUNT}) n`);
    });

    test.each([
      ['between two batches', () => terminateOthers()],
      ['when the next one is asked for', () => { proxy.fault = { on: 'fetch', when: 'before' }; }],
      ['in the middle of the next one', () => { proxy.fault = { answerBytes: 1 }; }],
    ] as const)('%s is told by the stream, fails the session, and the pool goes on', async (_, breaks) => {
      const storage = through(proxy.url, { max: 1, connectionTimeoutMillis: 2000 });
      const session = await storage.open({ schema: SCHEMA });
      const { seen, error } = await drained(session, (n) => (n === 1000 ? breaks() : undefined));
      expect(error).toBeInstanceOf(OutageError);
      expect(error).toMatchObject({ code: 'STORAGE_CONNECTION_LOST' });
      expect(seen).toBeLessThan(COUNT);
      expect(session.state).toBe('failed');
      await expect(session.count(all)).rejects.toMatchObject({ code: 'STORAGE_SESSION_STATE' });
      await session.rollback();
      proxy.fault = {};
      // The one place in the pool is free again, and whole.
      const next = await storage.open({ schema: SCHEMA });
      expect(await drained(next, () => undefined)).toEqual({ seen: COUNT, error: undefined });
      await next.rollback();
    });

    test('does not hide the error of whoever was reading', async () => {
      const storage = through(proxy.url);
      const session = await storage.open({ schema: SCHEMA });
      const { error } = await drained(session, async () => {
        await terminateOthers();
        throw new Error('the reader failed by itself');
      });
      expect(error).toMatchObject({ message: 'the reader failed by itself' });
      await session.rollback();
    });
  });

  test('what pg.Pool takes reaches the server: a name, a time for statements, TLS', async () => {
    const storage = through(database.url, { application_name: 'ormolu test', statement_timeout: 12_345 });
    const session = await storage.open({ schema: SCHEMA });
    expect(await session.sql("select current_setting('application_name') as name, current_setting('statement_timeout') as timeout", [])).toEqual([{ name: 'ormolu test', timeout: '12345ms' }]);
    await session.rollback();
    // The tests' server has no certificate: that it was asked for encryption shows in its refusal.
    await expect(through(database.url, { ssl: { rejectUnauthorized: false } }).open({ schema: SCHEMA })).rejects.toMatchObject({ code: 'STORAGE_REFUSED', cause: { message: expect.stringMatching(/SSL/) } });
  });

  test.each([1, 3, 7])('answers in pieces of %i bytes are the same answers', async (pieces) => {
    const storage = through(proxy.url);
    proxy.fault = { pieces };
    const session = await storage.open({ schema: SCHEMA });
    const names = ['', 'é', 'long '.repeat(50), '😀'];
    const ids = await session.insert({ model: 'city', count: names.length, fields: ['name'], columns: [names] });
    const answer = await session.read({ model: 'city', ids, fields: ['name'] });
    expect(answer.columns[0]).toEqual(names);
    await expect(session.insert({ model: 'city', count: 1, fields: [], columns: [], ids: ids.slice(0, 1) })).rejects.toMatchObject({ code: 'STORAGE_UNIQUE' });
    await session.rollback();
  });

  test.each([
    ['commit and chain', 1], ['end /* and */ and chain;', 1], ['rollback and -- another\n chain', 0], ['ABORT TRANSACTION AND CHAIN', 0],
  ])('env.sql that ends the transaction and begins another is told so: %s', async (text, kept) => {
    const storage = through(database.url, { max: 1 });
    const session = await storage.open({ schema: SCHEMA });
    await add(session, 'chained');
    await expect(session.sql(text, [])).rejects.toMatchObject({ code: 'STORAGE_SESSION_ENDED' });
    await expect(add(session, 'behind')).rejects.toMatchObject({ code: 'STORAGE_SESSION_STATE' });
    await expect(session.commit()).rejects.toMatchObject({ code: 'STORAGE_SESSION_STATE' });
    const next = await storage.open({ schema: SCHEMA });
    expect(await next.count({ model: 'city', filter: EVERYTHING })).toBe(kept);
    await next.sql('savepoint "and chain"', []);
    await next.sql('rollback to savepoint "and chain"', []);
    await next.sql('delete from city', []);
    await next.commit();
    expect(next.state).toBe('committed');
  });

  test.each(['commit', 'rollback', 'commit and chain', 'rollback and chain'])('going back to a savepoint behind env.sql that has ended the transaction says so, too: %s', async (text) => {
    const session = await through(database.url, { max: 1 }).open({ schema: SCHEMA });
    const [outer, inner] = [await session.savepoint(), await session.savepoint()];
    await expect(session.sql(text, [])).rejects.toMatchObject({ code: 'STORAGE_SESSION_ENDED' });
    for (const savepoint of [inner, outer]) await expect(session.rollbackTo(savepoint)).rejects.toMatchObject({ code: 'STORAGE_SESSION_ENDED' });
    await session.rollback();
  });

  test('a parameter of env.sql that is a gap of a list is nothing, as undefined is', async () => {
    const session = await through(database.url, { max: 1 }).open({ schema: SCHEMA });
    const gap: unknown[] = [];
    gap[1] = 'second';
    for (const parameters of [gap, [undefined, 'second']]) expect(await session.sql('select $1::text as one, $2::text as two', parameters)).toEqual([{ one: null, two: 'second' }]);
    await session.rollback();
  });

  test('env.sql that ends the transaction is told so, and the connection stays usable', async () => {
    const storage = through(database.url, { max: 1 });
    const session = await storage.open({ schema: SCHEMA });
    await add(session, 'kept by hand');
    await expect(session.sql('commit', [])).rejects.toMatchObject({ code: 'STORAGE_SESSION_ENDED' });
    expect(session.state).toBe('failed');
    await session.rollback();
    const next = await storage.open({ schema: SCHEMA });
    await add(next, 'kept');
    await next.commit();
    expect(await kept()).toEqual(['kept by hand', 'kept']);
  });

  test('a database without UTF-8 is refused', async () => {
    await admin.query('create database ormolu_latin template template0 encoding \'LATIN1\' lc_collate \'C\' lc_ctype \'C\'');
    try {
      const url = new URL(database.url);
      url.pathname = '/ormolu_latin';
      const storage = postgres(url.href);
      await expect(storage.open({ schema: SCHEMA })).rejects.toMatchObject({ code: 'STORAGE_ENCODING' });
      await storage.close();
    } finally {
      await admin.query('drop database ormolu_latin with (force)');
    }
  });
});
