import { channels, EVERYTHING, whyStale, type EntryStamp, type Session, type Sight, type StatementEvent, type Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Client } from 'pg';
import { askPoll, askRows } from '../src/change-log/poll';
import { column, Tables } from '../src/compliance/fixture';
import { stampBesideOthers } from './support/beside-others';
import { CITY, SCHEMA, watchedCities, type WatchedCities } from './support/watched-cities';

jest.setTimeout(120_000);

let cities: WatchedCities;
let database: ScratchDatabase;
let storage: Storage;
let outside: Client;
let connected: WatchedCities['connected'];

beforeEach(async () => {
  cities = await watchedCities();
  ({ database, storage, outside, connected } = cities);
});

afterEach(() => cities.close());

async function inSight<T>(work: (session: Session, sight: Sight) => Promise<T> | T, isolation: Session['isolation'] = 'repeatable read', of = storage): Promise<T> {
  const session = await of.open({ schema: SCHEMA, sight: true, isolation });
  try {
    return await work(session, await session.sight?.() ?? fail('no sight'));
  } finally {
    await session.rollback();
  }
}

const stampNow = (of = storage): Promise<EntryStamp> => inSight(async (session) => (await session.query({ ...CITY, filter: EVERYTHING, stamped: true })).stamp ?? fail('no stamp'), undefined, of);
const whyNow = (stamp: EntryStamp, of = storage): Promise<unknown> => inSight((_, sight) => whyStale(sight, stamp, [CITY]), undefined, of);
const reasonsOf = async (of: Storage): Promise<Readonly<Record<string, string>>> => {
  const session = await of.open({ schema: SCHEMA, sight: true });
  await session.sight?.();
  await session.rollback();
  return Object.fromEntries(of.changeLog?.uncachable ?? []);
};

async function statementsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const texts: string[] = [];
  const listener = (event: unknown): number => texts.push((event as StatementEvent).text);
  subscribe(channels.statement.name, listener);
  try {
    await work();
  } finally {
    unsubscribe(channels.statement.name, listener);
  }
  return texts;
}

function fail(message: string): never {
  throw new Error(message);
}

test('a session without sight sends nothing for it, and one with it begins with the poll in one message', async () => {
  const read = async (session: Session): Promise<void> => {
    await session.read({ ...CITY, ids: [1], fields: ['name'] });
    await session.commit();
  };
  const plain = await statementsOf(async () => read(await storage.open({ schema: SCHEMA })));
  expect(plain).toHaveLength(3);
  expect(plain.join()).not.toContain('ormolu_log');
  await stampNow();
  const polled = await statementsOf(async () => read(await storage.open({ schema: SCHEMA, sight: true })));
  expect(polled).toHaveLength(4);
  expect(polled[1]).toContain('"ormolu_log_since"');
  const warm = await statementsOf(async () => {
    const session = await storage.open({ schema: SCHEMA, sight: true });
    for (let n = 0; n < 3; n += 1) await session.sight?.();
    await session.commit();
  });
  expect(warm.map((text) => text.split(' ')[0])).toEqual(['begin', 'select', 'commit']);
});

test('where an older migration has left no function that polls, statements do, and tell the same', async () => {
  await outside.query('drop event trigger ormolu_log_end_public; drop event trigger ormolu_log_drop_public');
  const stamp = await stampNow();
  const openOne = await connected();
  await openOne.query('begin');
  await openOne.query('update city_1 set size_col = 5 where id = 3');
  await stampNow();
  const older = postgres(database.url);
  try {
    await outside.query('alter function ormolu_log_since(xid8, xid8[]) rename to not_there');
    const [old, first] = [await stampNow(older), await inSight(({ isolation }) => isolation, 'read committed', older)];
    await outside.query('alter function not_there(xid8, xid8[]) rename to ormolu_log_since');
    expect([old.epoch, first]).toEqual([stamp.epoch, 'read committed']);
    await outside.query('delete from city_1 where id = 2');
    await outside.query('select ormolu_log_trim(1)');
    await openOne.query('commit');
    await outside.query('truncate street_1');
    const texts = await statementsOf(() => stampNow(older));
    expect(texts.join()).not.toContain('ormolu_log_since');
    await stampNow();
    const told = ({ changeLog }: Storage): unknown => [changeLog?.knowledge.extent?.epoch, changeLog?.knowledge.extent?.since, ...[{ model: 'city_1', id: 3 }, { model: 'city_1', id: 2 }, { model: 'street_1' }].map((tag) => changeLog?.knowledge.rowsOf(tag))];
    expect(told(older)).toEqual(told(storage));
  } finally {
    await older.close();
    await openOne.end();
  }
});

test('a transaction that commits after a later one is not missed, and would be by asking for what is above the last row', async () => {
  const [slow, fast] = [await connected(), await connected()];
  await slow.query('begin');
  await slow.query('update city_1 set size_col = 0 where id = 1');
  await fast.query('update city_1 set size_col = 0 where id = 2');
  const stamp = await stampNow();
  const last = (await outside.query<{ last: string }>('select max(xid)::text as last from ormolu_log')).rows[0]?.last;
  await slow.query('commit');
  expect(await whyNow(stamp)).toBe('changed between');
  expect((await outside.query('select from ormolu_log where xid > $1::xid8', [last])).rows).toHaveLength(0);
  await Promise.all([slow.end(), fast.end()]);
});

test('polls at READ COMMITTED begin after they are asked for, and are shared by all who wait', async () => {
  await inSight(() => undefined, 'read committed');
  const sessions = await Promise.all(Array.from({ length: 8 }, () => storage.open({ schema: SCHEMA, sight: true, isolation: 'read committed' })));
  const before = storage.statements;
  const sights = await Promise.all(sessions.map(async (session) => session.sight?.()));
  expect(new Set(sights.map((sight) => sight?.epoch)).size).toBe(1);
  // One poll was under way when the others asked, and a second served them all: three statements each.
  expect(storage.statements - before).toBe(6);
  const [session] = sessions;
  const first = await session?.query({ ...CITY, filter: EVERYTHING, stamped: true });
  const stamp = first?.stamp ?? fail('no stamp');
  for (let n = 0; n < 5; n += 1) {
    expect(whyStale(await session?.sight?.() ?? fail('no sight'), stamp, [{ model: 'street' }])).toBeUndefined();
    await outside.query('insert into street_1 (name_col) values (\'x\')');
    expect(whyStale(await session?.sight?.() ?? fail('no sight'), stamp, [{ model: 'street' }])).toBe('changed between');
    expect(whyStale(await session?.sight?.() ?? fail('no sight'), stamp, [CITY])).toBeUndefined();
    Object.assign(stamp, (await session?.query({ model: 'street', filter: EVERYTHING, stamped: true }))?.stamp);
  }
  for (const one of sessions) await one.rollback();
});

test('serializable transactions poll outside: those that have to do with different records do not fail for the log they share', async () => {
  // Far enough apart that the database takes no read of the one for a read of the other.
  await outside.query('insert into city_1 (id, size_col) select g, g from generate_series(21, 10000) g');
  await outside.query('analyze city_1');
  for (let n = 0; n < 20; n += 1) {
    const pair = await Promise.all([0, 1].map(() => storage.open({ schema: SCHEMA, sight: true, isolation: 'serializable' })));
    const ids = [1 + n, 10_000 - n];
    for (const session of pair) await session.sight?.();
    for (const [at, session] of pair.entries()) await session.read({ ...CITY, ids: [ids[at] ?? 0], fields: ['size'] });
    for (const [at, session] of pair.entries()) await session.update({ ...CITY, ids: [ids[at] ?? 0], fields: ['size'], columns: [[n]] });
    for (const session of pair) await session.commit();
  }
});

test('write skew through cached reads is refused when they are replayed, and only then', async () => {
  const answer = await inSight((session) => session.read({ ...CITY, ids: [1, 2], fields: ['size'] }));
  const both = async (replays: boolean): Promise<number> => {
    let committed = 0;
    const pair = await Promise.all([1, 2].map(() => storage.open({ schema: SCHEMA, sight: true, isolation: 'serializable' })));
    for (const session of pair) await session.sight?.();
    for (const [at, session] of pair.entries()) {
      if (replays) session.noteCached?.([{ kind: 'read', question: { ...CITY, ids: [1, 2], fields: ['size'] }, answer }]);
      await session.update({ ...CITY, ids: [at + 1], fields: ['name'], columns: [['mine']] });
    }
    for (const session of pair) await session.commit().then(() => (committed += 1), () => session.rollback());
    return committed;
  };
  expect(await both(false)).toBe(2);
  for (let n = 0; n < 10; n += 1) expect(await both(true)).toBeLessThan(2);
});

test('a poll is as cheap with a million rows in the log, beside a transaction that has been open for long', async () => {
  const idle = await connected();
  await idle.query('begin');
  await idle.query('insert into street_1 (name_col) values (\'open\')');
  const old = await inSight((_, sight) => sight.snapshot);
  await outside.query('insert into ormolu_log (model, id) select \'city_1\', g::text from generate_series(1, 1000000) g');
  await expect(inSight(() => undefined)).rejects.toThrow('no sight');
  const now = await inSight((_, sight) => sight.snapshot);
  expect(now.inProgress.length).toBeGreaterThanOrEqual(1); // other databases of the server may have some, too
  await outside.query('update city_1 set size_col = 0 where id = 1');
  for (const analyzed of [false, true]) {
    if (analyzed) await outside.query('analyze ormolu_log');
    const { statement } = askRows('"public"."ormolu_log"', now);
    const plan = (await outside.query<Record<string, string>>(`explain (analyze, buffers, timing off, summary off) ${statement.text}`)).rows.map((row) => row['QUERY PLAN'] ?? '').join('\n');
    expect(plan).not.toContain('Seq Scan');
    expect(plan).toContain('ormolu_log_xid');
    const buffers = [...plan.matchAll(/shared hit=(\d+)/g)].map(([, hits]) => Number(hits));
    expect(Math.max(...buffers)).toBeLessThan(30);
    const [companion] = askPoll({ log: '"public"."ormolu_log"', poll: '"public"."ormolu_log_since"' }, { after: now }).companions;
    const call = companion?.statement.text ?? fail('nothing is sent');
    await outside.query(call);
    const read = (await outside.query<Record<string, string>>(`explain (analyze, buffers, timing off, summary off) ${call}`)).rows.map((row) => row['QUERY PLAN'] ?? '').join('\n');
    expect(Number(/shared hit=(\d+)/.exec(read)?.[1])).toBeLessThan(60);
  }
  expect((await outside.query(askRows('"public"."ormolu_log"', now).statement.text)).rows).toHaveLength(1);
  expect(old.xmax).toBeLessThan(now.xmax);
  // Who was away while all that happened begins anew, and takes what it cannot judge for a miss.
  const late = postgres(database.url);
  // Where another database of the server has an older transaction open, the first poll reaches behind the million rows, and is cut.
  await inSight(() => undefined, undefined, late).catch(() => undefined);
  const stamp = await stampNow(late);
  await outside.query('insert into ormolu_log (model, id) select \'street_1\', g::text from generate_series(1, 60000) g');
  await expect(whyNow(stamp, late)).rejects.toThrow('no sight');
  expect(await whyNow(stamp, late)).toBe('trimmed');
  await late.close();
  await idle.query('rollback');
  await idle.end();
});

test('who sleeps past the trim mark misses, whatever was trimmed and however often', async () => {
  const sleeper = postgres(database.url);
  const stamp = await stampNow(sleeper);
  for (let round = 0; round < 3; round += 1) {
    for (let n = 1; n <= 5; n += 1) await outside.query('update city_1 set size_col = size_col + 1 where id = $1', [n]);
    await storage.changeLog?.trim({ keep: 2 });
  }
  // A transaction in progress anywhere on the server keeps the rows that are younger than it.
  let why = await whyNow(stamp, sleeper);
  for (let tries = 0; tries < 1_200 && why !== 'trimmed'; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await storage.changeLog?.trim({ keep: 2 });
    why = await whyNow(stamp, sleeper);
  }
  expect(why).toBe('trimmed');
  expect(await whyNow(await stampBesideOthers(() => stampNow(sleeper), (now) => whyNow(now, sleeper)), sleeper)).toBeUndefined();
  await sleeper.close();
});

test('another database, another log and another schema are other epochs', async () => {
  const stamp = await stampNow();
  const other = await createDatabase();
  const elsewhere = postgres(other.url);
  await elsewhere.migrate(SCHEMA);
  expect(await whyNow(stamp, elsewhere)).toBe('another epoch');
  await elsewhere.close();
  await other.drop();

  const reading = await storage.open({ schema: new Tables(1).add('city', [column('name', 'text')]).schema(), sight: true });
  expect(whyStale(await reading.sight?.() ?? fail('no sight'), stamp, [{ ...CITY, fields: ['name'] }])).toBe('another epoch');
  await reading.rollback();

  // As a restore of the tables does it, under the feet of a running process.
  await outside.query('drop table ormolu_log');
  const again = postgres(database.url);
  await again.migrate(SCHEMA);
  await again.close();
  const session = await storage.open({ schema: SCHEMA, sight: true });
  expect(await session.sight?.()).toBeUndefined();
  expect((await session.query({ ...CITY, filter: EVERYTHING, stamped: true })).stamp).toBeUndefined();
  await session.rollback();
  expect(await whyNow(stamp)).toBe('another epoch');
  expect(await whyNow(await stampBesideOthers(stampNow, whyNow))).toBeUndefined();
});

test('a server that promotes another is another epoch by its timeline', async () => {
  const stamp = await stampNow();
  const [, timeline] = /\/([0-9A-F]{8})\//.exec(stamp.epoch) ?? [];
  expect(timeline).toBe('00000001');
  expect(await whyNow({ ...stamp, epoch: stamp.epoch.replace('/00000001/', '/00000002/') })).toBe('another epoch');
});

describe('what cannot be watched is not kept, and says why', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['a trigger that was disabled', 'alter table city_1 disable trigger ormolu_log_update', /do not all reach the change log/],
    ['a trigger that gives way to replication', 'alter table city_1 enable trigger ormolu_log_insert', /do not all reach the change log/],
    ['a trigger that is gone', 'drop trigger ormolu_log_truncate on city_1', /do not all reach the change log/],
    ['a function that was changed', 'create or replace function ormolu_log_city_1() returns trigger language plpgsql security definer as \'begin return null; end\'', /do not all reach the change log/],
    ['row security', 'alter table city_1 enable row level security', /row security/],
    ['an unlogged table', 'alter table city_1 set unlogged', /unlogged/],
    ['inheritance', 'create table more_cities () inherits (city_1)', /inheriting/],
    ['a partitioned table', 'drop table city_1; create table city_1 (id int, name_col text, size_col int) partition by range (id)', /partitions/],
    ['a view', 'alter table city_1 rename to towns; create view city_1 as select * from towns', /a view/],
    ['a foreign table', 'drop table city_1; create foreign data wrapper w; create server s foreign data wrapper w; create foreign table city_1 (id int, name_col text, size_col int) server s', /foreign table/],
    ['no table', 'drop table city_1', /no table/],
  ];
  test.each(cases)('%s', async (_, statements, reason) => {
    await outside.query(statements);
    expect(await reasonsOf(storage)).toEqual({ city: expect.stringMatching(reason) as unknown });
    const session = await storage.open({ schema: SCHEMA, sight: true });
    const sight = await session.sight?.() ?? fail('no sight');
    const stamp = { snapshot: sight.snapshot, epoch: sight.epoch };
    expect([whyStale(sight, stamp, [CITY]), whyStale(sight, stamp, [{ model: 'street' }])]).toEqual(['not watched', undefined]);
    await session.rollback();
  });

  test.each(['repeatable read', 'read committed', 'serializable'] as const)('of a log, or its function, that goes while processes run, one transaction at %s meets the failure, and the next do without', async (isolation) => {
    const role = `reader_${new URL(database.url).pathname.slice(1)}`;
    await outside.query(`create role ${role} login password 'none'; grant select on city_1, ormolu_log to ${role}`);
    const url = new URL(database.url);
    [url.username, url.password] = [role, 'none'];
    const reading = postgres(url.href);
    const read = async (): Promise<unknown> => {
      const session = await reading.open({ schema: SCHEMA, sight: true, isolation });
      try {
        await session.sight?.();
        return (await session.read({ ...CITY, ids: [1], fields: ['name'] })).ids;
      } catch {
        return 'failed';
      } finally {
        await session.rollback();
      }
    };
    expect(await read()).toEqual([1]);
    for (const takesAway of [`revoke select on ormolu_log from ${role}`, `grant select on ormolu_log to ${role}; drop function ormolu_log_since`, 'drop table ormolu_log']) {
      await outside.query(takesAway);
      await read();
      expect([takesAway, await read(), await read()]).toEqual([takesAway, [1], [1]]);
    }
    await reading.close();
    await outside.query(`drop owned by ${role}; drop role ${role}`);
  });

  test('serializable transactions go on without caches when there is no connection for the poll', async () => {
    const role = `lonely_${new URL(database.url).pathname.slice(1)}`;
    await outside.query(`create role ${role} login password 'none' connection limit 1; grant select on city_1, ormolu_log to ${role}`);
    const url = new URL(database.url);
    [url.username, url.password] = [role, 'none'];
    const reading = postgres({ connectionString: url.href, max: 1 });
    const session = await reading.open({ schema: SCHEMA, sight: true, isolation: 'serializable' });
    expect([await session.sight?.(), await session.read({ ...CITY, ids: [1], fields: ['name'] })]).toMatchObject([undefined, { ids: [1] }]);
    await session.rollback();
    await reading.close();
    await outside.query(`drop owned by ${role}; drop role ${role}`);
  });

  test('a database without a log, a log that may not be read, and commits that a crash loses', async () => {
    const name = new URL(database.url).pathname.slice(1);
    const nothing = async (reason: RegExp): Promise<void> => {
      const fresh = postgres(database.url);
      const session = await fresh.open({ schema: SCHEMA, sight: true });
      expect(await session.sight?.()).toBeUndefined();
      expect((await session.query({ ...CITY, filter: EVERYTHING, stamped: true })).stamp).toBeUndefined();
      await session.rollback();
      expect((await reasonsOf(fresh))['*']).toMatch(reason);
      await fresh.close();
    };
    await outside.query(`alter database ${name} set synchronous_commit = off`);
    await nothing(/synchronous_commit/);
    await outside.query(`alter database ${name} reset synchronous_commit`);
    const role = `reader_${name}`;
    await outside.query(`create role ${role}; grant select, update on city_1 to ${role}`);
    await outside.query(`alter database ${name} set role = ${role}`);
    await nothing(new RegExp(`'${role}' may not read`));
    await outside.query(`alter database ${name} reset role`);
    const stamp = await stampNow();
    await outside.query(`set role ${role}; create temp table ormolu_log (xid xid8, model text, id text, fields text[]); update city_1 set size_col = 0 where id = 1; reset role`);
    expect(await whyNow(stamp)).toBe('changed between');
    await outside.query('drop table public.ormolu_log');
    await nothing(/run db\.migrate/);
    const switchedOff = postgres(database.url, { changeLog: false });
    expect(switchedOff.changeLog).toBeUndefined();
    const session = await switchedOff.open({ schema: SCHEMA, sight: true });
    expect(await session.sight?.()).toBeUndefined();
    await session.rollback();
    await switchedOff.close();
    await outside.query(`drop owned by ${role}; drop role ${role}`);
  });
});

test('without a change log a migration makes none', async () => {
  const other = await createDatabase();
  const plain = postgres(other.url, { changeLog: false });
  expect((await plain.migrate(SCHEMA)).statements.join()).not.toContain('ormolu_log');
  await plain.close();
  await other.drop();
});

test('COPY counts, and so does what a trigger of somebody else does behind a statement', async () => {
  const stamp = await stampNow();
  await outside.query('copy city_1 (id, name_col, size_col) from program \'echo 900,x,1\' csv');
  expect(await whyNow(stamp)).toBe('changed between');

  await outside.query('create function f() returns trigger language plpgsql as $$ begin update city_1 set size_col = 77 where id = 3; new.name_col := upper(new.name_col); return new; end $$; create trigger t before insert on street_1 for each row execute function f()');
  const fresh = postgres(database.url);
  const session = await fresh.open({ schema: SCHEMA, sight: true });
  const sight = await session.sight?.() ?? fail('no sight');
  await session.insert({ model: 'street', count: 1, fields: ['name'], columns: [['a']] });
  expect(session.takeTouched?.()).toEqual([{ model: 'city', id: 3, fields: ['size'] }]);
  expect(sight.isChangedHere({ model: 'city', id: 3, fields: ['size'] })).toBe(true);
  expect(sight.isChangedHere({ model: 'city', id: 4 })).toBe(false);
  await session.sql('select 1', []);
  expect(session.takeTouched?.()).toEqual([]);
  await session.sql('update city_1 set name_col = \'raw\' where id = 5', []);
  expect(session.takeTouched?.()).toEqual([{ model: 'city', id: 5, fields: ['name'] }]);
  await session.sql('truncate street_1', []);
  expect(session.takeTouched?.()).toEqual([{ model: 'street' }]);
  await session.rollback();
  await fresh.close();
});

test('sent along with statements, changes reach others without a trigger; what others write does not', async () => {
  const other = await createDatabase();
  const sender = postgres(other.url, { changeLog: 'flush' });
  const client = new Client({ connectionString: other.url });
  await client.connect();
  expect((await sender.migrate(SCHEMA)).statements.join()).not.toContain('create trigger');
  const change = async (work: (session: Session) => Promise<unknown>): Promise<unknown> => {
    const stamp = await stampNow(sender);
    const session = await sender.open({ schema: SCHEMA });
    await work(session);
    await session.commit();
    return whyNow(stamp, sender);
  };
  let ids: readonly unknown[] = [];
  expect(await change(async (session) => (ids = await session.insert({ ...CITY, count: 3, fields: ['name'], columns: [['a', 'b', 'c']] })))).toBe('changed between');
  expect(ids).toEqual([1, 2, 3]);
  expect(await change((session) => session.update({ ...CITY, ids: [1, 9], fields: ['size'], columns: [[1, 2]] }))).toBe('changed between');
  expect((await client.query('select model, id, fields from ormolu_log order by xid desc limit 1')).rows).toEqual([{ model: 'city_1', id: '1', fields: ['size_col'] }]);
  expect(await change((session) => session.update({ ...CITY, ids: [9], fields: ['size'], columns: [[1]] }))).toBeUndefined();
  expect(await change((session) => session.delete('city', [1, 2]))).toBe('changed between');
  expect(await change((session) => session.insert({ ...CITY, count: 1500, fields: ['size'], columns: [Array.from({ length: 1500 }, () => 1)] }))).toBe('changed between');
  expect((await client.query('select model, id, fields from ormolu_log order by xid desc limit 2')).rows[0]).toEqual({ model: 'city_1', id: null, fields: null });
  expect(await change(() => client.query('update city_1 set size_col = 5'))).toBeUndefined();
  await client.end();
  await sender.close();
  await other.drop();
});
