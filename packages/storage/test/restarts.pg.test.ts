import { EVERYTHING, OutageError, Schema, whyStale, type EntryStamp, type Session, type Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { startOwnPostgres, type OwnPostgres } from '@ormolu/test-support';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { column } from '../src/compliance/fixture';

const SCHEMA = new Schema([{ model: 'city', table: 'city', idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [], columns: [column('name', 'text')] }]);
const WRITERS = 6;

describe('a server that is restarted', () => {
  let server: OwnPostgres;
  let storage: Storage;

  beforeAll(async () => {
    server = await startOwnPostgres(['max_connections=20']);
    const migrating = postgres(server.url);
    await migrating.migrate(SCHEMA);
    await migrating.close();
  });
  beforeEach(async () => {
    storage = postgres({ connectionString: server.url, max: 4 });
    await asked('truncate city');
  });
  afterEach(async () => {
    await storage.close();
    const others = "select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";
    // The server needs a moment to see that a connection was closed.
    for (let tries = 0; tries < 500 && (await asked(others)).length > 0; tries += 1) await delay(10);
    expect(await asked(others)).toEqual([]);
  });
  afterAll(() => server.stop());

  /** By a connection of its own: others do not outlive a restart. */
  async function asked(text: string): Promise<readonly unknown[]> {
    const client = new Client({ connectionString: server.url });
    // It may be ended by the server between two answers.
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query({ text, rowMode: 'array' });
    await client.end();
    return (rows as unknown[][]).map(([first]) => first); // as `rowMode` makes them
  }
  const kept = (): Promise<readonly unknown[]> => asked('select name_col from city order by id');
  const open = (): Promise<Session> => storage.open({ schema: SCHEMA });
  const add = (session: Session, name: string): Promise<unknown> => session.insert({ model: 'city', count: 1, fields: ['name'], columns: [[name]] });

  test.each(['fast', 'crash'] as const)('%s: open sessions fail and are undone, what was committed stays, idle connections are replaced unseen', async (how) => {
    const before = await open();
    await add(before, 'committed');
    await before.commit();
    const [idle, quiet, writing] = [await open(), await open(), await open()];
    await idle.count({ model: 'city', filter: EVERYTHING });
    await quiet.count({ model: 'city', filter: EVERYTHING });
    await idle.rollback();
    await add(writing, 'lost');
    await server.restart(how);
    for (const session of [quiet, writing]) {
      const error: unknown = await add(session, 'lost too').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(OutageError);
      expect(error).toMatchObject({ code: 'STORAGE_CONNECTION_LOST' });
      expect(session.state).toBe('failed');
      await session.rollback();
    }
    // As many as the pool holds, so that every connection from before is met.
    const sessions = await Promise.all(Array.from({ length: 4 }, open));
    for (const session of sessions) await add(session, 'after');
    for (const session of sessions) await session.commit();
    expect(await kept()).toEqual(['committed', 'after', 'after', 'after', 'after']);
  });

  test.each([['fast', undefined], ['crash', 'another epoch'], ['the crash of a backend', 'another epoch'], ['statistics reset by hand', 'another epoch']] as const)('%s: whether what caches had seen may be lost, they know by the next look', async (how, reason) => {
    await asked('insert into city (id, name_col) values (1, \'kept\')');
    const sightOf = async (stamp?: EntryStamp): Promise<{ readonly name: unknown; readonly stamp: EntryStamp | undefined; readonly why: unknown }> => {
      const session = await storage.open({ schema: SCHEMA, sight: true });
      const sight = await session.sight?.();
      const answer = await session.read({ model: 'city', ids: [1], fields: ['name'], stamped: true });
      await session.commit();
      return { name: answer.columns[0]?.[0], stamp: answer.stamp, why: sight && stamp ? whyStale(sight, stamp, [{ model: 'city', id: 1 }]) : 'no sight' };
    };
    await sightOf();
    // Nobody waits until it is written down, and nobody else's commit comes behind it.
    const careless = new Client({ connectionString: server.url });
    await careless.connect();
    careless.on('error', () => undefined);
    await careless.query('set synchronous_commit = off');
    const [{ pid } = { pid: 0 }] = (await careless.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
    if (how !== 'fast') await careless.query('update city set name_col = \'perhaps lost\' where id = 1');
    const seen = await sightOf();
    expect([seen.name, seen.stamp === undefined]).toEqual([how === 'fast' ? 'kept' : 'perhaps lost', false]);
    if (how === 'the crash of a backend') {
      const running = 'select concat(pg_postmaster_start_time(), \'|\', pg_stat_get_bgwriter_stat_reset_time())';
      const [started, begun] = String((await asked(running))[0]).split('|');
      process.kill(pid, 'SIGKILL');
      // All other backends end with it, and the server comes up again by itself.
      let [now, anew] = [started, begun];
      for (let tries = 0; tries < 500 && anew === begun; tries += 1) {
        await delay(20);
        [now, anew] = String((await asked(running).catch(() => [`${String(started)}|${String(begun)}`]))[0]).split('|');
      }
      expect([now === started, anew === begun]).toEqual([true, false]);
    } else if (how === 'statistics reset by hand') await asked('select pg_stat_reset_shared(\'bgwriter\')');
    else await server.restart(how);
    await careless.end().catch(() => undefined);
    // The number of the transaction that is lost is given out again.
    for (let n = 0; n < 3; n += 1) await asked(`insert into city (id, name_col) values (${100 + n}, 'next')`);
    const meets = await sightOf(seen.stamp);
    expect(meets.why).toBe('no sight');
    expect((await sightOf(seen.stamp)).why).toBe(reason);
  });

  test.each(['fast', 'crash'] as const)('%s: of writers at work, what was acknowledged is there, what failed is not, and what is unknown says so', async (how) => {
    const acknowledged: string[] = [];
    const unknown: string[] = [];
    const faults = new Set<string>();
    let hasRestarted = false;
    const write = async (writer: number): Promise<void> => {
      for (let n = 0, after = 0; after < 3; n += 1) {
        const name = `${writer}/${n}`;
        // What is written after the restart has succeeded must succeed.
        if (hasRestarted) after += 1;
        try {
          const session = await open();
          try {
            await add(session, name);
            await session.commit();
            acknowledged.push(name);
          } finally {
            await session.rollback();
          }
        } catch (error) {
          if (!(error instanceof OutageError)) throw error;
          faults.add(error.code);
          if (error.code === 'STORAGE_COMMIT_UNKNOWN') unknown.push(name);
          // Whoever is refused waits a moment before trying again.
          else if (error.code === 'STORAGE_REFUSED') await new Promise((resolve) => { setTimeout(resolve, 20); });
        }
      }
    };
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer));
    while (acknowledged.length < WRITERS * 3) await new Promise((resolve) => { setImmediate(resolve); });
    await server.restart(how);
    hasRestarted = true;
    const before = acknowledged.length;
    await Promise.all(writers);
    expect(acknowledged.length).toBeGreaterThan(before);
    expect([...faults].filter((code) => !['STORAGE_CONNECTION_LOST', 'STORAGE_REFUSED', 'STORAGE_COMMIT_UNKNOWN'].includes(code))).toEqual([]);
    expect(faults.size).toBeGreaterThan(0);
    const stored = new Set(await kept());
    expect(acknowledged.filter((name) => !stored.has(name))).toEqual([]);
    const allowed = new Set([...acknowledged, ...unknown]);
    expect([...stored].filter((name) => !allowed.has(String(name)))).toEqual([]);
  });
});
