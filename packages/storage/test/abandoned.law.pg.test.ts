import { Schema, type Session, type Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import fc from 'fast-check';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { Client } from 'pg';
import { column } from '../src/compliance/fixture';

jest.setTimeout(20_000);

const SCHEMA = new Schema([{ model: 'city', table: 'city', idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [], columns: [column('name', 'text')] }]);

describe('transactions that are given up while a statement of theirs runs', () => {
  let database: ScratchDatabase;
  let admin: Client;
  let storage: Storage;

  beforeAll(async () => {
    database = await createDatabase();
    admin = new Client({ connectionString: database.url });
    await admin.connect();
    const first = postgres(database.url);
    await first.migrate(SCHEMA);
    await first.close();
  });

  beforeEach(async () => {
    await admin.query('truncate city; insert into city (id, name_col) values (1000001, \'held\')');
    storage = postgres({ connectionString: database.url, max: 2 });
  });

  afterEach(async () => {
    await storage.close();
    for (let tries = 0; tries < 1_000 && (await others()).length > 0; tries += 1);
    expect(await others()).toEqual([]);
  });

  afterAll(async () => {
    await admin.end();
    await database.drop();
  });

  const open = (): Promise<Session> => storage.open({ schema: SCHEMA });
  /** What others do in this database. */
  const others = async (): Promise<readonly { readonly state: string; readonly pid: number }[]> => (await admin.query<{ state: string; pid: number }>('select state, pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = \'client backend\'')).rows;
  const active = async (): Promise<number> => (await others()).filter(({ state }) => state === 'active').length;
  const until = async (isSo: () => Promise<boolean>): Promise<void> => { while (!await isSo()); };
  const codeOf = (work: Promise<unknown>): Promise<unknown> => work.then(() => 'done', (error: unknown) => (error as { code: unknown }).code);
  const pidOf = async (session: Session): Promise<unknown> => (await session.sql('select pg_backend_pid() pid', []))[0]?.['pid'];
  const add = (session: Session, name: string): Promise<unknown> => session.insert({ model: 'city', count: 1, fields: ['name'], columns: [[name]] });
  const names = async (): Promise<readonly string[]> => (await admin.query<{ name_col: string }>('select name_col from city order by id')).rows.map(({ name_col: name }) => name);

  test('the statement ends, the transaction takes nothing but its rollback, and its connection is as good as before', async () => {
    await storage.close();
    storage = postgres({ connectionString: database.url, max: 1 });
    const session = await open();
    const pid = await pidOf(session);
    await add(session, 'lost');
    const savepoint = await session.savepoint();
    const sleeping = codeOf(session.sql('select pg_sleep(600)', []));
    const behind = codeOf(session.sql('select 1', []));
    await until(async () => await active() === 1);
    session.abandon?.();
    expect([await sleeping, await behind, await codeOf(session.rollbackTo(savepoint)), await codeOf(session.commit()), session.state]).toEqual(['STORAGE_TIMEOUT', 'STORAGE_SESSION_STATE', 'STORAGE_SESSION_STATE', 'STORAGE_SESSION_STATE', 'rolled back']);
    await session.rollback();
    const next = await open();
    expect([await pidOf(next), (await others()).length]).toEqual([pid, 1]);
    await add(next, 'kept');
    await next.commit();
    expect(await names()).toEqual(['kept', 'held']);
  });

  test('so does one that waits for a lock, and what it holds itself is free', async () => {
    const [holder, waiter] = [await open(), await open()];
    await holder.sql('select * from city for update', []);
    await add(waiter, 'lost');
    await waiter.sql('lock table city in row exclusive mode', []);
    const waiting = codeOf(waiter.update({ model: 'city', ids: [1_000_001], fields: ['name'], columns: [['lost']] }));
    await until(async () => (await admin.query('select 1 from pg_locks where not granted')).rows.length > 0);
    waiter.abandon?.();
    await waiter.rollback();
    expect([await waiting, (await admin.query('select 1 from pg_locks l join pg_stat_activity a using (pid) where a.datname = current_database() and l.mode = \'RowExclusiveLock\'')).rows.length]).toEqual(['STORAGE_TIMEOUT', 0]);
    await holder.commit();
    expect(await names()).toEqual(['held']);
  });

  test('a COMMIT on its way is left to end, whenever it is given up', async () => {
    await admin.query('create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(0.2); return null; end $$; create constraint trigger slowly after insert on city deferrable initially deferred for each row execute function slowly()');
    const session = await open();
    await add(session, 'kept');
    const committing = codeOf(session.commit());
    await until(async () => await active() === 1);
    session.abandon?.();
    await session.rollback();
    await admin.query('drop function slowly cascade');
    expect([await committing, session.state, await names()]).toEqual(['done', 'committed', ['kept', 'held']]);
  });

  test('where the server is deaf to it the connection breaks, and the pool has another', async () => {
    // Whoever comes second is heard by nobody.
    let comers = 0;
    const { hostname, port, username, pathname } = new URL(database.url);
    const door: Server = createServer((near) => {
      comers += 1;
      const isDeaf = comers === 2;
      near.on('error', () => undefined);
      if (isDeaf) return;
      const far = connect(Number(port), hostname, () => { near.pipe(far).pipe(near); });
      far.on('error', () => undefined);
      near.on('close', () => far.destroy());
    });
    await new Promise<void>((resolve) => { door.listen(0, '127.0.0.1', resolve); });
    const through = postgres(`postgres://${username}@127.0.0.1:${String((door.address() as AddressInfo).port)}${pathname}`);
    const session = await through.open({ schema: SCHEMA });
    const sleeping = codeOf(session.sql('select pg_sleep(600)', []));
    await until(async () => await active() === 1);
    session.abandon?.();
    await session.rollback();
    const next = await through.open({ schema: SCHEMA });
    await add(next, 'kept');
    await next.commit();
    expect([await sleeping, comers, await names()]).toEqual(['STORAGE_CONNECTION_LOST', 3, ['kept', 'held']]);
    await through.close();
    door.close();
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like \'select pg_sleep%\'');
  });

  /** What a session asks, and after how many milliseconds it is given up; undefined: it is not. */
  interface Turn {
    readonly asks: 'sleep' | 'lock' | 'write' | 'look';
    readonly givenUpAfter: number | undefined;
  }
  const turn: fc.Arbitrary<Turn> = fc.record({ asks: fc.constantFrom('sleep', 'sleep', 'lock', 'write', 'look'), givenUpAfter: fc.constantFrom(undefined, undefined, 0, 0, 1, 3) });

  async function play(turns: readonly Turn[], log: string[]): Promise<number> {
    let kept = 0;
    for (const { asks, givenUpAfter } of turns) {
      const isWanted = givenUpAfter === undefined;
      const session = await storage.open({ schema: SCHEMA, sight: true });
      if (asks === 'look') await session.sight?.();
      const asked = asks === 'sleep' ? session.sql(`select pg_sleep(${isWanted ? '0.003' : '600'})`, [])
        : asks === 'lock' && !isWanted ? session.update({ model: 'city', ids: [1_000_001], fields: ['name'], columns: [['lost']] })
          : add(session, isWanted ? 'kept' : 'lost');
      const code = codeOf(asked);
      if (isWanted) {
        await code;
        log.push(`${asks} ${String(await code)} ${String(await codeOf(session.commit()))}`);
        if (asks !== 'sleep') kept += 1;
      } else {
        if (givenUpAfter > 0) await new Promise((resolve) => { setTimeout(resolve, givenUpAfter); });
        session.abandon?.();
        await session.rollback();
        if (session.state !== 'rolled back') log.push(session.state);
      }
    }
    return kept;
  }

  test('law: for all turns of sessions side by side on few connections, none that was not given up is met by what stops another, and nothing of those that were is left', async () => {
    const held = await storage.open({ schema: SCHEMA });
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    await held.rollback();
    await fc.assert(fc.asyncProperty(fc.array(fc.array(turn, { minLength: 3, maxLength: 12 }), { minLength: 3, maxLength: 3 }), async (flows) => {
      await admin.query('delete from city where id < 1000000');
      await holder.query('begin; select * from city where id = 1000001 for update');
      const log: string[] = [];
      const kept = await Promise.all(flows.map((turns) => play(turns, log)));
      await holder.query('rollback');
      expect(log.filter((line) => !line.endsWith('done done'))).toEqual([]);
      expect(await names()).toEqual([...Array<string>(kept.reduce((sum, one) => sum + one, 0)).fill('kept'), 'held']);
    }), { numRuns: lawRuns(25) });
    await holder.end();
    // Two of the pool, and one that polls: none was given away.
    expect((await others()).length).toBeLessThanOrEqual(3);
  });
});
