import { EVERYTHING, whyStale, type EntryStamp, type Session, type Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import { stampBesideOthers } from './support/beside-others';
import { CITY, SCHEMA, watchedCities, type WatchedCities } from './support/watched-cities';

jest.setTimeout(120_000);

let cities: WatchedCities;
let other: Storage;

beforeEach(async () => {
  cities = await watchedCities();
  other = postgres(cities.database.url);
  await cities.outside.query('insert into street_1 (id, name_col) select g, \'s\' || g from generate_series(1, 20) g');
});

afterEach(async () => {
  await other.close();
  await cities.close();
});

async function inSession<T>(of: Storage, work: (session: Session) => Promise<T>, isolation: Session['isolation'] = 'repeatable read', sight: true | 'far' = true): Promise<T> {
  const session = await of.open({ schema: SCHEMA, sight, isolation });
  try {
    const result = await work(session);
    await session.commit();
    return result;
  } finally {
    await session.rollback();
  }
}

const stamped = async (session: Session): Promise<EntryStamp | undefined> => (await session.query({ ...CITY, filter: EVERYTHING, fields: ['name', 'size'], stamped: true })).stamp;
const kept = (of: Storage): Promise<EntryStamp | undefined> => stampBesideOthers(() => inSession(of, stamped), (stamp) => judged(of, stamp));
/** What a cache of the process would be told about what it keeps of cities. */
const judged = (of: Storage, stamp: EntryStamp | undefined, isolation?: Session['isolation'], far: true | 'far' = true): Promise<unknown> => inSession(of, async (session) => {
  const sight = await session.sight?.();
  return sight && stamp ? whyStale(sight, stamp, [CITY]) ?? 'holds' : 'no sight';
}, isolation, far);
const told = async (namespace = 'public'): Promise<number> => Number((await cities.outside.query<{ n: string }>(`select count(*) as n from ${namespace}.ormolu_log where model = '$tables'`)).rows[0]?.n);

const GROW = 'create or replace function grow() returns int language plpgsql as $$ begin update public.street_1 set name_col = \'grown\'; return 1; end $$';

/** What somebody does by hand, behind what was there before: of none of it the log has a row of a record. */
const ALTERATIONS: readonly (readonly [string, string, string])[] = [
  ['a default that calls a function which writes', GROW, 'alter table city_1 alter column size_col set default grow()'],
  ['a check that does', GROW, 'alter table city_1 add check (coalesce(grow(), 1) = 1) not valid'],
  ['an index that does', `${GROW}; create function grown(int) returns int language plpgsql immutable as $$ begin perform public.grow(); return $1; end $$`, 'create index on city_1 (grown(size_col))'],
  ['a default\'s function that is another', 'create function grow(int) returns int language internal strict as \'int4um\'; alter table city_1 alter column size_col set default grow(1)', GROW.replace('grow()', 'grow(int)')],
  ['triggers of the log that are switched off', '', 'alter table city_1 disable trigger all'],
  ['triggers of the log that are switched off where a session replicates', '', 'begin; set local session_replication_role = replica; alter table city_1 disable trigger all; commit'],
  ['a trigger of the log that is dropped', '', 'drop trigger ormolu_log_update on city_1'],
  ['rights that are taken away', 'grant select on city_1 to public', 'revoke select on city_1 from public'],
  ['rights that go with all that a role owns', 'create role %role%; grant select on city_1 to %role%', 'drop owned by %role%'],
  ['row security', '', 'alter table city_1 enable row level security'],
  ['a table that is unlogged', '', 'alter table city_1 set unlogged'],
  ['values that are others', '', 'alter table city_1 alter column name_col type text using upper(name_col)'],
  ['a table that takes the place of another', 'create table city_2 (like city_1 including all)', 'begin; alter table city_1 rename to city_3; alter table city_2 rename to city_1; commit'],
  ['a table that is dropped and made again', '', 'begin; drop table city_1; create table city_1 (id bigint primary key, name_col text, size_col int); commit'],
  ['a table that inherits from another, beyond those that are counted', '', 'create table heir () inherits (city_1)'],
  ['a column that goes with its type', 'create type kind as enum (\'a\'); alter table city_1 add column kind kind', 'drop type kind cascade'],
  ['a view that is another', 'create view v as select 1 as one', 'create or replace view v as select 2 as one'],
  ['an index that is built beside others', '', 'create index concurrently on city_1 (name_col)'],
  ['a function that a block makes', '', 'do $f$ begin execute \'create function other() returns int language sql as $$ select 1 $$\'; end $f$'],
];

describe.each<readonly [Session['isolation'], typeof ALTERATIONS]>([
  ['repeatable read', ALTERATIONS], ['serializable', ALTERATIONS.slice(0, 2)], ['read committed', ALTERATIONS.slice(0, 2)],
])('at %s, the transaction that begins next takes nothing older for true behind', (isolation, alterations) => {
  test.each(alterations)('%s', async (_, before, statement) => {
    const role = `r_${new URL(cities.database.url).pathname.slice(1)}`;
    try {
      if (before !== '') await cities.outside.query(before.replaceAll('%role%', role));
      const stamps = [await kept(cities.storage), await kept(other)];
      for (const [n, of] of [cities.storage, other].entries()) expect(await judged(of, stamps[n], isolation)).toBe('holds');
      await cities.outside.query(statement.replaceAll('%role%', role));
      for (const [n, of] of [cities.storage, other].entries()) {
        // And nobody relies on what was known of its tables.
        expect(await judged(of, stamps[n], isolation)).toBe('no sight');
        expect(await judged(of, stamps[n], isolation)).not.toBe('holds');
      }
    } finally {
      await cities.outside.query(`drop role if exists ${role}`);
    }
  });
});

describe.each<Session['isolation']>(['repeatable read', 'serializable', 'read committed'])('in a transaction at %s that was open when a default came which writes,', (isolation) => {
  test.each([true, false])('what the write of that table has changed along is not taken from a cache; asked before: %s', async (asksBefore) => {
    const stamp = await inSession(other, async (session) => (await session.query({ model: 'street', filter: EVERYTHING, fields: ['name'], stamped: true })).stamp);
    await cities.outside.query(GROW);
    expect(await judged(other, stamp)).toBe('no sight');
    await inSession(other, async (session) => {
      if (asksBefore) await session.sight?.();
      else await session.read({ model: 'street', ids: [1], fields: ['name'] });
      await cities.outside.query('alter table city_1 alter column size_col set default grow()');
      await session.insert({ model: 'city', count: 1, ids: [99], fields: ['name'], columns: [['new']] });
      expect(await session.sight?.()).toBeUndefined();
      expect(session.takeTouched?.()).toContainEqual(expect.objectContaining({ model: 'street' }));
    }, isolation);
  });

  test('a commit leaves no images', async () => {
    await cities.outside.query(GROW);
    await kept(other);
    const session = await other.open({ schema: SCHEMA, sight: true, isolation });
    await session.update({ model: 'street', ids: [1], fields: ['name'], columns: [['mine']] });
    await cities.outside.query('alter table city_1 alter column size_col set default grow()').catch((error: unknown) => error);
    await session.insert({ model: 'city', count: 1, ids: [99], fields: ['name'], columns: [['new']] });
    await session.commit();
    expect(session.committed?.written ?? []).toEqual([]);
  });
});

test('a transaction that nobody has altered anything beside leaves its images', async () => {
  const written = await Promise.all([1, 2].map(() => inSession(other, async (session) => {
    await session.update({ model: 'street', ids: [1], fields: ['name'], columns: [['mine']] });
    return session;
  }).catch(() => undefined)));
  expect(written.flatMap((session) => session?.committed?.written ?? [])).not.toEqual([]);
});

test('beside an older transaction of another database, what is read behind an alteration counts on when that one ends; in a process that looks back, too', async () => {
  const away = await createDatabase();
  const older = new Client({ connectionString: away.url });
  try {
    await older.connect();
    await older.query('begin; select pg_current_xact_id()');
    const before = await kept(other);
    await cities.outside.query('alter table city_1 add check (size_col < 100)');
    expect(await judged(other, before)).toBe('no sight');
    const behind = await inSession(other, stamped);
    const far = postgres(cities.database.url);
    expect(await judged(far, behind, 'repeatable read', 'far')).toBe('holds');
    await older.query('commit');
    for (const each of [other, far]) {
      expect(await judged(each, behind)).toBe('holds');
      expect(await judged(each, before)).toBe('changed between');
    }
    await far.close();
  } finally {
    await older.end();
    await away.drop();
  }
});

test('what belongs to a session alone, or changes nothing of what is kept, is told to nobody', async () => {
  await cities.outside.query('create materialized view much as select count(*) from city_1; create unlogged table staged (id int); create function nothing() returns trigger language plpgsql as $$ begin return null; end $$');
  const stamp = await kept(other);
  await judged(other, stamp);
  const again = await kept(other);
  const before = await told();
  for (const statement of [
    'create temp table t (id serial primary key, name text default upper(\'x\'), up int references t, check (name <> \'\'))',
    'create index on t (name)', 'alter table t add column more int', 'create temp view w as select 1 as one', 'create function pg_temp.mine() returns int language sql as \'select 1\'',
    'create trigger g after insert on t for each row execute function nothing()', 'create rule u as on insert to t do also nothing', 'alter table t enable row level security', 'create policy p on t using (true)',
    'drop policy p on t', 'drop rule u on t', 'drop trigger g on t', 'drop table t cascade', 'drop view w',
    'begin; create temp table s on commit drop as select * from city_1; insert into s default values; commit', 'select 1 as one into temp v', 'do $$ begin create temp table x (a int default 1 + 1); drop table x; end $$',
    'refresh materialized view much', 'comment on table city_1 is \'cities\'', 'reindex table city_1', 'create statistics pair on name_col, size_col from city_1', 'create table if not exists city_1 (id int)', 'drop table if exists nobodys', 'truncate staged', 'vacuum analyze city_1',
    'create table new (id serial primary key, name text default upper(\'x\'))', 'create table newer as select * from new', 'select * into newest from new', 'drop table new, newer, newest', 'alter sequence city_1_id_seq restart with 100',
  ]) await cities.outside.query(statement);
  expect(await told()).toBe(before);
  // Triggers, rules and policies of a temporary table are among those that tell whether tables hang together as they did.
  expect(['holds', 'no sight']).toContain(await judged(other, again));
});

test('temporary tables that others make leave caches with what they have', async () => {
  const stamp = await kept(other);
  for (let n = 0; n < 20; n += 1) {
    await cities.outside.query('begin; create temp table hot (id serial primary key, name text default upper(\'x\')) on commit drop; insert into hot (name) select name_col from city_1; commit');
    await cities.outside.query('create temp table hot (id int); drop table hot');
    expect(await judged(other, stamp)).toBe('holds');
  }
});

test('one transaction tells once, and one that is rolled back not at all; a savepoint takes its part back', async () => {
  const before = await told();
  await cities.outside.query('begin; alter table city_1 add column a int; alter table city_1 add column b int; rollback');
  expect(await told()).toBe(before);
  await cities.outside.query('begin; alter table city_1 add column a int; alter table city_1 add column b int; drop table street_1; commit');
  expect(await told()).toBe(before + 1);
  await cities.outside.query('begin; savepoint s; alter table city_1 drop column a; rollback to s; alter table city_1 drop column b; commit');
  expect(await told()).toBe(before + 2);
});

test('nobody\'s statement fails for it: without a log, without its function, with a log that cannot be written', async () => {
  await cities.outside.query('alter table ormolu_log add check (model <> \'$tables\') not valid');
  await cities.outside.query('create view one as select 1 as one');
  await cities.outside.query('drop table ormolu_log');
  await cities.outside.query('create view two as select 2 as two; drop view two');
  await cities.outside.query('drop function ormolu_log_tables() cascade');
  await cities.outside.query('drop view one');
  await cities.storage.migrate(SCHEMA);
  const before = await told();
  await cities.outside.query('create view three as select 3 as three');
  expect(await told()).toBe(before + 1);
  await cities.outside.query('drop schema public cascade; create schema public');
  expect((await cities.outside.query('select from pg_event_trigger')).rows).toEqual([]);
  await cities.storage.migrate(SCHEMA);
  expect(await told()).toBeGreaterThanOrEqual(0);
});

test('a role without rights on the log tells, too', async () => {
  const role = `r_${new URL(cities.database.url).pathname.slice(1)}`;
  const before = await told();
  await cities.outside.query(`create role ${role}; grant create on schema public to ${role}; set role ${role}; create view mine as select 1 as one; reset role`);
  expect(await told()).toBeGreaterThan(before);
  await cities.outside.query(`drop owned by ${role}; drop role ${role}`);
});

test('each log of a database is told, also where a namespace has the name that another had', async () => {
  const namespaces = ['a', 'b', `long_${'x'.repeat(58)}`, `long_${'x'.repeat(57)}y`];
  const storages = namespaces.map((name) => postgres({ connectionString: cities.database.url, options: `-c search_path=${name}` }));
  for (const name of namespaces) await cities.outside.query(`create schema ${name}`);
  await Promise.all(storages.map((storage) => storage.migrate(SCHEMA)));
  const counted = async (): Promise<readonly number[]> => Promise.all(['public', ...namespaces].map(told));
  const before = await counted();
  await cities.outside.query('create view public.x as select 1 as one');
  expect(await counted()).toEqual(before.map((n) => n + 1));
  await cities.outside.query('alter schema a rename to was_a; create schema a');
  for (const storage of storages) {
    await storage.migrate(SCHEMA);
    expect((await storage.migrate(SCHEMA)).statements).toEqual([]);
  }
  const later = await counted();
  await cities.outside.query('drop view public.x');
  expect(await counted()).toEqual(later.map((n) => n + 1));
  for (const storage of storages) await storage.close();
});

test('migrating twice, and beside each other, makes nothing twice', async () => {
  expect((await cities.storage.migrate(SCHEMA)).statements).toEqual([]);
  await cities.outside.query('drop event trigger ormolu_log_end_public');
  const reports = await Promise.all([cities.storage, other, postgres(cities.database.url)].map((storage) => storage.migrate(SCHEMA)));
  expect(reports.filter(({ statements }) => statements.length > 0)).toHaveLength(1);
  await cities.outside.query('alter event trigger ormolu_log_end_public disable');
  expect((await other.migrate(SCHEMA)).statements.join()).toContain('create event trigger');
});

test('who declines them, and who may not make them, looks once a minute, and says so', async () => {
  await kept(other);
  expect(other.changeLog?.alterations).toBe('at once');
  await cities.outside.query('drop event trigger ormolu_log_end_public');
  const declining = postgres(cities.database.url, { eventTriggers: false });
  expect((await declining.migrate(SCHEMA)).statements).toEqual([]);
  await kept(declining);
  expect(declining.changeLog?.alterations).toBe('within a minute');
  await declining.close();
});

test.each(['the namespace', 'the log'])('they are not made where %s belongs to somebody else, who could let them do what he likes', async (what) => {
  const role = `r_${new URL(cities.database.url).pathname.slice(1)}`;
  await cities.outside.query(`create role ${role}; drop event trigger ormolu_log_end_public; alter ${what === 'the log' ? 'table ormolu_log' : 'schema public'} owner to ${role}`);
  expect((await other.migrate(SCHEMA)).statements).toEqual([]);
  await cities.outside.query(`reassign owned by ${role} to current_user; drop role ${role}`);
});

test('an option that is none is refused', () => {
  expect(() => postgres(cities.database.url, { eventTriggers: 'no' as never })).toThrow(/eventTriggers was given 'no'/);
});
