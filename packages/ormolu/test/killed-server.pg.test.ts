import { EVERYTHING, OrmoluError, Schema, type Session } from '@ormolu/kernel';
import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import { ConnectionLostError, NotCommittedError, serve, type RemoteStorage } from '@ormolu/remote';
import { CuttingProxy } from '../../remote/test/support/cutting-proxy';
import { postgres, remote } from 'ormolu';

const citySchema = new Schema([{
  model: 'city', table: 'city', idColumn: 'id', idType: 'integer', columns: [{ field: 'name', column: 'name', type: 'text', required: false, unique: false, index: false }], lists: [], order: [], versioned: false,
}]);
const ROOT = join(__dirname, '..', '..', '..');

/** A server in a process of its own, which is killed as a crash or the kernel does it, and begun anew on its port. */
class Killable {
  readonly #url: string;
  #child: ChildProcess | undefined;
  port = 0;

  constructor(url: string) {
    this.#url = url;
  }

  async begin(): Promise<void> {
    const child = fork(join(__dirname, 'support', 'killable-server.ts'), [this.#url, String(this.port)], { execArgv: ['--conditions=@ormolu/source', '--require', join(ROOT, 'scripts', 'ts-node.cjs')] });
    this.#child = child;
    [this.port] = await once(child, 'message') as [number];
  }

  /** Holds it where it is; what others do goes on. */
  stop(): void {
    this.#child?.kill('SIGSTOP');
  }

  async kill(): Promise<void> {
    if (!this.#child) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    this.#child = undefined;
  }
}

let database: ScratchDatabase;
let server: Killable;
let client: RemoteStorage;
let beside: Client;
beforeAll(async () => {
  database = await createDatabase();
  const below = postgres(database.url);
  await below.migrate(citySchema);
  await below.close();
  beside = new Client({ connectionString: database.url });
  await beside.connect();
});
beforeEach(async () => {
  await beside.query('delete from city');
  server = new Killable(database.url);
  await server.begin();
  client = remote(`tcp://127.0.0.1:${String(server.port)}`, { connectTimeout: '30s' });
});
afterEach(async () => {
  // Of a test that has failed, too: the next would wait for it.
  await release?.();
  await client.close();
  await server.kill();
});
afterAll(async () => {
  await beside.end();
  await database.drop();
});

const insert = (session: Session, name: string) => session.insert({ model: 'city', count: 1, fields: ['name'], columns: [[name]] });
const count = (session: Session) => session.count({ model: 'city', filter: EVERYTHING });
const names = async (): Promise<readonly string[]> => (await beside.query<{ name: string }>('select name from city order by id')).rows.map(({ name }) => name);
/** Connections of a server that are in a transaction. */
const open = async (): Promise<number> => Number((await beside.query<{ n: string }>('select count(*) n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null')).rows[0]?.n);
/** All that anybody else has. */
const connections = async (): Promise<number> => Number((await beside.query<{ n: string }>('select count(*) n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()')).rows[0]?.n);
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
  throw new Error('It did not come to pass.');
}

let release: (() => Promise<void>) | undefined;
/** COMMIT takes as long as somebody holds a lock. */
async function slowCommit(): Promise<{ release(): Promise<void> }> {
  await beside.query(`create or replace function wait_for_it() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(10); return null; end $$;
    create constraint trigger slow after insert on city deferrable initially deferred for each row execute function wait_for_it()`);
  const holder = new Client({ connectionString: database.url });
  await holder.connect();
  await holder.query('select pg_advisory_lock(10)');
  release = async () => {
    release = undefined;
    await holder.end();
    await until(async () => await open() === 0);
    await beside.query('drop trigger slow on city');
  };
  return { release };
}
const isCommitting = async (): Promise<boolean> => Number((await beside.query<{ n: string }>("select count(*) n from pg_locks where locktype = 'advisory' and not granted")).rows[0]?.n) === 1;
/** Somebody has asked what became of a transaction that is not over yet: the answer waits for its end. */
const isAsked = async (): Promise<boolean> => Number((await beside.query<{ n: string }>("select count(*) n from pg_stat_activity where datname = current_database() and wait_event = 'transactionid'")).rows[0]?.n) === 1;

test('a server that is killed before COMMIT takes the transaction along: its client is told, nothing of it is there, and work goes on with the next one on the same port', async () => {
  const session = await client.open({ schema: citySchema });
  await insert(session, 'lost');
  await server.kill();
  await expect(count(session)).rejects.toThrow(ConnectionLostError);
  await session.rollback();
  await until(async () => await open() === 0);
  await server.begin();
  const next = await client.open({ schema: citySchema });
  expect(await count(next)).toBe(0);
  await insert(next, 'kept');
  await next.commit();
  expect(await names()).toEqual(['kept']);
});

test('a server that is killed before COMMIT comes to it: the client finds out from the next one that it was none', async () => {
  const session = await client.open({ schema: citySchema });
  await insert(session, 'lost');
  await server.kill();
  const committing = session.commit();
  await server.begin();
  await expect(committing).rejects.toThrow(NotCommittedError);
  expect(await names()).toEqual([]);
});

test('a server that is killed while the database commits: the client finds out from the next one that it was committed, once', async () => {
  const slow = await slowCommit();
  const session = await client.open({ schema: citySchema });
  await insert(session, 'kept');
  const committing = session.commit();
  await until(isCommitting);
  await server.kill();
  await server.begin();
  await until(isAsked);
  await slow.release();
  await committing;
  expect([session.state, await names()]).toEqual(['committed', ['kept']]);
});

test('a server that is killed when the database has committed, before it could tell: the client finds out from the next one that it was committed, once', async () => {
  const slow = await slowCommit();
  const session = await client.open({ schema: citySchema });
  await insert(session, 'kept');
  const committing = session.commit();
  await until(isCommitting);
  server.stop();
  await slow.release();
  expect([session.state, await names()]).toEqual(['open', ['kept']]);
  await server.kill();
  await server.begin();
  await committing;
  expect([session.state, await names()]).toEqual(['committed', ['kept']]);
});

test('a server whose database ends the connection within COMMIT finds out what became of it, and tells the client', async () => {
  const slow = await slowCommit();
  const session = await client.open({ schema: citySchema });
  await insert(session, 'lost');
  const committing = session.commit();
  await until(isCommitting);
  await beside.query("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and not granted");
  await expect(committing).rejects.toThrow(NotCommittedError);
  await slow.release();
  expect(await names()).toEqual([]);
});

test('a server that the answer to its COMMIT does not reach finds out that it was committed', async () => {
  const proxy = await CuttingProxy.before(Number(new URL(database.url).port));
  const own = new URL(database.url);
  [own.hostname, own.port] = ['127.0.0.1', new URL(proxy.url).port];
  const below = postgres(own.href);
  const here = await serve({ storage: below }, { port: 0 });
  const through = remote(here.url);
  const session = await through.open({ schema: citySchema });
  // Behind this, COMMIT is all that is sent.
  await session.sql("insert into city (name) values ('kept')", []);
  proxy.cutsAt = 'answer';
  await session.commit();
  expect([session.state, await names()]).toEqual(['committed', ['kept']]);
  await through.close();
  await here.close();
  await below.close();
  await proxy.close();
});

test('a transaction whose connection broke before COMMIT is not committed, and nobody is asked about it', async () => {
  const session = await client.open({ schema: citySchema });
  await insert(session, 'lost');
  await server.kill();
  await expect(count(session)).rejects.toThrow(ConnectionLostError);
  // No server is there that could be asked: REMOTE_COMMIT_UNKNOWN would be all that it could say.
  await expect(session.commit()).rejects.toThrow(NotCommittedError);
  expect(session.state).toBe('rolled back');
});

test('a server that is killed while the database commits, and the database gives up: the client finds out that it was none', async () => {
  const slow = await slowCommit();
  const session = await client.open({ schema: citySchema });
  await insert(session, 'lost');
  const committing = session.commit();
  await until(isCommitting);
  await server.kill();
  await server.begin();
  await until(isAsked);
  await beside.query("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and not granted");
  await expect(committing).rejects.toThrow(NotCommittedError);
  await slow.release();
  expect(await names()).toEqual([]);
});

test('however often it is killed, or a connection cut, what was committed is there once, what was not is not, and no transaction or connection stays open', async () => {
  const kept: string[] = [];
  const unknown: string[] = [];
  const ending = new AbortController();
  const proxies = await Promise.all(Array.from({ length: 2 }, () => CuttingProxy.before(server.port)));
  const clients = [client, ...proxies.map(({ url }) => remote(url, { connectTimeout: '30s' }))];
  const most = lawRuns(5);
  const cutAt = { request: 0, answer: 0 };
  let kills = 0;
  const killing = (async () => {
    while (!ending.signal.aborted) {
      const sofar = kept.length;
      await until(() => Promise.resolve(ending.signal.aborted || kept.length > sofar + 4));
      await new Promise((resolve) => { setTimeout(resolve, 7 * (kills % 4)); });
      await server.kill();
      kills += 1;
      await server.begin();
    }
  })();
  await Promise.all(Array.from({ length: 6 }, async (_, writer) => {
    for (let n = 0; kills < most; n += 1) {
      const name = `${String(writer)}/${String(n)}`;
      const through = clients[writer % clients.length];
      const proxy = proxies[writer % clients.length - 1];
      let session: Session | undefined;
      try {
        session = await through?.open({ schema: citySchema });
        if (!session) throw new Error('there is one');
        await insert(session, name);
        // Now and then it meets COMMIT, and now and then what another does there.
        if (proxy && n % 3 === 2) {
          proxy.cutsAt = cutAt.request > cutAt.answer ? 'answer' : 'request';
          cutAt[proxy.cutsAt] += 1;
        }
        await session.commit();
        kept.push(name);
      } catch (error) {
        if (!OrmoluError.is(error) || !/^REMOTE_(CONNECTION_LOST|NOT_COMMITTED|UNREACHABLE|COMMIT_UNKNOWN)$/.test(error.code)) throw error;
        if (error.code === 'REMOTE_COMMIT_UNKNOWN') unknown.push(name);
      } finally {
        await session?.rollback();
      }
    }
  }));
  ending.abort();
  await killing;
  for (const proxy of proxies) proxy.cutsAt = undefined;
  await until(async () => await open() === 0);
  const there = await names();
  expect(there.filter((name) => !unknown.includes(name)).sort()).toEqual(kept.sort());
  expect(new Set(there).size).toBe(there.length);
  expect(kept.length).toBeGreaterThan(20);
  expect(Math.min(cutAt.request, cutAt.answer)).toBeGreaterThan(0);
  process.stdout.write(`${String(kills)} kills, ${String(cutAt.request)} + ${String(cutAt.answer)} cuts: ${String(kept.length)} committed, of ${String(unknown.length)} unknown\n`);
  for (const one of clients.slice(1)) await one.close();
  for (const proxy of proxies) await proxy.close();
  await server.kill();
  await until(async () => await connections() === 0);
}, 60_000 + 10_000 * lawRuns(5));
