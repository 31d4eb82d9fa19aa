import { EVERYTHING, whyStale, type EntryStamp, type Session, type Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import type { ScratchDatabase } from '@ormolu/test-support';
import type { Client } from 'pg';
import { stampBesideOthers } from './support/beside-others';
import { CITY, SCHEMA, watchedCities, type WatchedCities } from './support/watched-cities';

jest.setTimeout(120_000);

let cities: WatchedCities;
let database: ScratchDatabase;
let storage: Storage;
let outside: Client;

beforeEach(async () => {
  cities = await watchedCities();
  ({ database, storage, outside } = cities);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await cities.close();
});

async function inSession<T>(work: (session: Session) => Promise<T>, { isolation, of = storage }: { readonly isolation?: Session['isolation']; readonly of?: Storage } = {}): Promise<T> {
  const session = await of.open({ schema: SCHEMA, sight: true, ...isolation === undefined ? {} : { isolation } });
  try {
    const result = await work(session);
    await session.commit();
    return result;
  } finally {
    await session.rollback();
  }
}

const stamped = async (session: Session): Promise<EntryStamp | undefined> => (await session.query({ ...CITY, filter: EVERYTHING, stamped: true })).stamp;
const judged = (stamp: EntryStamp | undefined, of = storage): Promise<unknown> => inSession(async (session) => {
  const sight = await session.sight?.();
  return sight && stamp ? whyStale(sight, stamp, [CITY]) ?? 'holds' : 'no sight';
}, { of });
/** @param by - the storage whose caches it is to count for */
const kept = (of = storage, by = of): Promise<EntryStamp | undefined> => stampBesideOthers(() => inSession(stamped, { of }), (stamp) => judged(stamp, by));
const uncachable = (): Readonly<Record<string, string>> => Object.fromEntries(storage.changeLog?.uncachable ?? []);

const NOBODY_TELLS = 'drop event trigger ormolu_log_end_public; drop event trigger ormolu_log_drop_public';
const RAISE = 'create function shout() returns trigger language plpgsql as $$ begin new.name_col := upper(new.name_col); return new; end $$';

test.each<readonly [string, readonly string[]]>([
  ['a trigger', [RAISE, 'create trigger shouting before update on city_1 for each row execute function shout()']],
  ['a rule', ['create rule silent as on delete to city_1 where old.id = 1 do instead nothing']],
  ['a foreign key', ['create table visit (city bigint references city_1 on delete cascade)']],
  ['a policy, with row security', ['alter table city_1 enable row level security', 'create policy small on city_1 using (size_col < 5)']],
  ['a table that inherits', ['create table capital () inherits (city_1)']],
  ['a table that another begins to inherit from', ['create table capital (like city_1)', 'alter table capital inherit city_1']],
])('%s that comes while a process runs is met with its next look: what is older is not taken for true', async (_, statements) => {
  const stamp = await kept();
  expect(await judged(stamp)).toBe('holds');
  for (const statement of statements) await outside.query(statement);
  expect(await judged(stamp)).toBe('no sight');
  expect(await judged(stamp)).not.toBe('holds');
});

test.each([true, false])('a transaction that meets another trigger only with its first write learns what that has changed along; reading before: %s', async (readsBefore) => {
  await inSession(stamped);
  await outside.query('insert into street_1 (id, name_col) values (1, \'main\')');
  await outside.query('create function along() returns trigger language plpgsql as $$ begin update street_1 set name_col = new.name_col; return new; end $$');
  await outside.query('create trigger following after update on city_1 for each row execute function along()');
  await inSession(async (session) => {
    if (readsBefore) await session.read({ model: 'street', ids: [1], fields: ['name'] });
    await session.update({ model: 'city', ids: [1], fields: ['name'], columns: [['x']] });
    expect(session.takeTouched?.().map(({ model }) => model)).toEqual(expect.arrayContaining(['street']));
  });
});

test('rows of a table that begins to inherit, which no trigger tells of, are kept by nobody; and none of what was read then, when it is taken away', async () => {
  await inSession(stamped);
  await outside.query('create table capital (like city_1)');
  const open = await storage.open({ schema: SCHEMA, sight: true, isolation: 'read committed' });
  await open.query({ ...CITY, filter: EVERYTHING });
  await outside.query('alter table capital inherit city_1');
  await outside.query('insert into capital (id, name_col) values (77, \'seat\')');
  // It has begun before, and each of its statements sees what is there by then.
  const mixed = await open.query({ ...CITY, filter: EVERYTHING, stamped: true });
  await open.rollback();
  expect(mixed.ids).toContain(77);
  for (let n = 0; n < 2; n += 1) expect(await judged(mixed.stamp)).not.toBe('holds');
  expect(uncachable()['city']).toMatch('inheriting tables');
  await outside.query('alter table capital no inherit city_1');
  for (let n = 0; n < 2; n += 1) expect(await judged(mixed.stamp)).not.toBe('holds');
  expect(uncachable()).toEqual({});
});

test('without event triggers, those of the log that are switched off are met within a minute, and what was kept meanwhile stays untrue when they are switched on', async () => {
  await outside.query(NOBODY_TELLS);
  const stamp = await inSession(stamped);
  await outside.query('alter table city_1 disable trigger all');
  await outside.query('update city_1 set size_col = 0');
  await outside.query('alter table city_1 enable always trigger ormolu_log_insert, enable always trigger ormolu_log_update, enable always trigger ormolu_log_delete, enable always trigger ormolu_log_truncate');
  const now = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => now + 61_000);
  expect(await judged(stamp)).toBe('another epoch');
  expect(uncachable()).toEqual({});
});

test('without event triggers, rights that are taken away are met within a minute: what was read with them is nothing to who is without', async () => {
  await outside.query(NOBODY_TELLS);
  const role = `reader_${new URL(database.url).pathname.slice(1)}`;
  await outside.query(`create role ${role} login password 'none'; grant select on city_1, ormolu_log to ${role}`);
  const url = new URL(database.url);
  [url.username, url.password] = [role, 'none'];
  const reading = postgres(url.href);
  const stamp = await kept(reading);
  const start = Date.now();
  const judgedLater = (minutes: number): Promise<unknown> => {
    jest.spyOn(Date, 'now').mockReturnValue(start + minutes * 61_000);
    return judged(stamp, reading);
  };
  expect([await judged(stamp, reading), await judgedLater(1)]).toEqual(['holds', 'holds']);
  await outside.query(`revoke select on city_1 from ${role}; grant select (id, size_col) on city_1 to ${role}`);
  expect(await judgedLater(2)).toBe('another epoch');
  await reading.close();
  await outside.query(`drop owned by ${role}; drop role ${role}`);
});

test('a look that is asked for while SQL is under way waits for what that does to names', async () => {
  await inSession(async (session) => {
    expect(await session.sight?.()).toBeDefined();
    const altering = session.sql('create table other (id int)', []);
    const sight = session.sight?.();
    await altering;
    expect([await sight, await session.sight?.()]).toEqual([undefined, undefined]);
  });
});

test('who alters by hand what rows hold tells so with a signal, and nothing older is taken for true', async () => {
  const stamp = await inSession(stamped);
  await outside.query('begin; alter table city_1 alter column name_col type text using upper(name_col); select ormolu_log_signal(array[\'$tables\']); commit');
  expect([await judged(stamp), await judged(stamp)]).toEqual(['no sight', 'changed between']);
});

describe.each(['read committed', 'repeatable read', 'serializable'] as const)('at %s, a function that', (isolation) => {
  test.each<readonly [string, string]>([
    ['alters a table', 'alter table city_1 alter column size_col type int8 using size_col * 2'],
    ['adds a trigger', `${RAISE}; create trigger shouting before update on city_1 for each row execute function shout()`],
    ['hides a table', 'create temp table city_1 (id int8, name_col text, size_col int4)'],
  ])('%s leaves its transaction without caches, and tells others', async (what, statement) => {
    const other = postgres(database.url);
    try {
      await outside.query(`create function hidden() returns int language plpgsql as $f$ begin ${statement}; return 1; end $f$`);
      const stamp = await kept(storage, other);
      expect(await judged(await kept(other), other)).toBe('holds');
      await inSession(async (session) => {
        expect(await session.sight?.()).toBeDefined();
        await session.sql('select hidden()', []);
        expect(await session.sight?.()).toBeUndefined();
        expect(await stamped(session)).toBeUndefined();
        expect(session.takeTouched?.().map(({ model }) => model)).toEqual(expect.arrayContaining(['city', 'street']));
      }, { isolation });
      // A table of that session alone is nothing to others.
      if (what !== 'hides a table') for (const one of [storage, other]) expect([await judged(stamp, one), await judged(stamp, one)]).not.toContain('holds');
      else expect(await judged(stamp, other)).toBe('holds');
    } finally {
      await other.close();
    }
  });

  test('only reads, or writes rows, leaves it with them', async () => {
    await outside.query('create function harmless() returns int language plpgsql as $f$ begin update street_1 set name_col = name_col; return (select count(*) from city_1); end $f$');
    await inSession(async (session) => {
      await session.sql('select harmless()', []);
      expect(await session.sight?.()).toBeDefined();
    }, { isolation });
  });
});

test.each(['repeatable read', 'read committed', 'serializable'] as const)('what is read behind the stream of a view that changes rows has no stamp, at %s', async (isolation) => {
  await outside.query('insert into street_1 (id, name_col) values (1, \'s\')');
  await outside.query('alter table street_1 rename to street_2');
  await outside.query('create function grow() returns bool language sql volatile as $$ update city_1 set size_col = size_col + 1 returning true $$');
  await outside.query('create view street_1 as select * from street_2 where coalesce(grow(), true)');
  await inSession(async (session) => {
    for await (const { ids } of session.stream({ model: 'street', filter: EVERYTHING, fields: ['name'] })) expect(ids).toHaveLength(1);
    expect(await stamped(session)).toBeUndefined();
  }, { isolation });
});
