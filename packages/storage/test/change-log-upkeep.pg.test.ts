import { EVERYTHING, whyStale, type EntryStamp, type Schema, type Session, type Sight, type Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import { column, Tables } from '../src/compliance/fixture';
import { stampBesideOthers } from './support/beside-others';

jest.setTimeout(120_000);

const WIDE = new Tables(1).add('city', [column('name', 'text'), column('size', 'int4')]).schema();
const NARROW = new Tables(1).add('city', [column('name', 'text')]).schema();
const CITY = { model: 'city' };

let database: ScratchDatabase;
let storage: Storage;
let outside: Client;
const opened: Storage[] = [];

beforeEach(async () => {
  database = await createDatabase();
  storage = another();
  outside = new Client({ connectionString: database.url });
  await outside.connect();
});

afterEach(async () => {
  await outside.end();
  for (const one of opened.splice(0)) await one.close();
  await database.drop();
});

/** A process of its own. */
function another(options: { readonly statement_timeout?: number } = {}, changeLog?: false): Storage {
  const one = postgres({ connectionString: database.url, ...options }, { changeLog });
  opened.push(one);
  return one;
}

async function withCities(): Promise<void> {
  await storage.migrate(WIDE);
  await outside.query('insert into city_1 (id, name_col, size_col) select g, \'c\' || g, g from generate_series(1, 3) g');
}

async function inSight<T>(work: (session: Session, sight: Sight | undefined) => Promise<T> | T, of = storage, schema = WIDE): Promise<T> {
  const session = await of.open({ schema, sight: true });
  try {
    return await work(session, await session.sight?.());
  } finally {
    await session.rollback();
  }
}

const stampNow = (of = storage, schema = WIDE): Promise<EntryStamp> => inSight(async (session) => (await session.query({ ...CITY, filter: EVERYTHING, stamped: true })).stamp ?? fail('no stamp'), of, schema);
const judged = (stamp: EntryStamp, fields: readonly string[] | undefined, of: Storage): Promise<unknown> => inSight((_, sight) => (sight ? whyStale(sight, stamp, [{ ...CITY, fields }]) : 'no sight'), of);
/** Who meets tables that hang together in another way than before has no sight, and looks again. */
const whyNow = async (stamp: EntryStamp, fields?: readonly string[], of = storage): Promise<unknown> => {
  const first = await judged(stamp, fields, of);
  return first === 'no sight' ? judged(stamp, fields, of) : first;
};
const reasons = (of = storage, schema = WIDE): Promise<readonly (readonly [string, string])[]> => inSight(() => [...of.changeLog?.uncachable ?? []], of, schema);
const logged = async (): Promise<readonly unknown[]> => (await outside.query<Record<string, unknown>>('select model, id, fields from ormolu_log order by xid desc limit 1')).rows;
const logLines = ({ statements }: { readonly statements: readonly string[] }): readonly string[] => statements.filter((text) => text.includes('ormolu_log'));

function fail(message: string): never {
  throw new Error(message);
}

test('another program with fewer columns migrates: those of the first are still told, and neither migrates for the other', async () => {
  await withCities();
  await another().migrate(NARROW);
  for (const set of ['size_col = 9', 'size_col = 10, name_col = \'x\'']) {
    const stamp = await stampNow();
    await outside.query(`update city_1 set ${set} where id = 1`);
    expect(await whyNow(stamp, ['size'])).toBe('changed between');
  }
  for (const schema of [WIDE, NARROW, WIDE]) expect((await another().migrate(schema)).statements).toEqual([]);
});

test('a table that is dropped, and made again by another process, is another to who holds answers of it', async () => {
  await withCities();
  const stamp = await stampNow();
  await outside.query('drop table city_1');
  await another().migrate(WIDE);
  expect(await whyNow(stamp)).toBe('another epoch');
});

describe('a program without a part in the log, beside one that keeps answers,', () => {
  test('tells of the tables whose rows its migration rewrites', async () => {
    await withCities();
    await outside.query('create table street_1 (id int primary key)');
    const stamp = await stampNow();
    expect((await another({}, false).migrate(new Tables(1).add('city', [column('name', 'text'), { ...column('size', 'int4'), type: 'int8' }]).schema())).statements.join()).not.toContain('trigger');
    expect(await whyNow(stamp)).toBe('changed between');
    expect((await another({}, false).migrate(WIDE).catch(() => ({ statements: [] }))).statements).toEqual([]);
  });

  test('and makes a table anew: what it was is not taken for what it is, and nothing of it is kept any more', async () => {
    await withCities();
    const stamp = await stampNow();
    await outside.query('drop table city_1');
    await another({}, false).migrate(WIDE);
    expect(await whyNow(stamp)).toBe('not watched');
    // Its changes reach no log: from the next look on, who relies on triggers knows that there are none.
    expect(await reasons()).toEqual([['city', expect.stringContaining('do not all reach')]]);
    await storage.migrate(WIDE);
    expect(await reasons()).toEqual([]);
  });

  test('writes what triggers log', async () => {
    await withCities();
    const stamp = await stampNow();
    const session = await another({}, false).open({ schema: WIDE });
    await session.update({ ...CITY, ids: [1], fields: ['size'], columns: [[9]] });
    await session.commit();
    expect([await whyNow(stamp, ['size']), await whyNow(stamp, ['name'])]).toEqual(['changed between', undefined]);
  });

  test('makes no log where there is none', async () => {
    expect((await another({}, false).migrate(WIDE)).statements.join()).not.toContain('ormolu_log');
  });
});

test('triggers that are put in place again tell that nobody knows what happened without them', async () => {
  await withCities();
  const stamp = await stampNow();
  await outside.query('drop trigger ormolu_log_update on city_1');
  await outside.query('update city_1 set size_col = 77');
  await another().migrate(WIDE);
  expect(await whyNow(stamp)).toBe('another epoch');
});

test('an old column is discarded while a new one is filled', async () => {
  await withCities();
  const next = new Tables(1).add('city', [column('name', 'text'), column('kind', 'text')]).schema();
  const { statements } = await storage.migrate(next, {
    discard: ['city.size_col'],
    fill: async (session) => {
      await session.update({ ...CITY, ids: [1, 2, 3], fields: ['kind'], columns: [['a', 'b', 'c']] });
    },
  });
  expect(statements).toContain('alter table "city_1" drop column "size_col"');
  await outside.query('update city_1 set kind_col = \'z\' where id = 1');
  expect(await logged()).toEqual([{ model: 'city_1', id: '1', fields: ['kind_col'] }]);
});

describe('what others do to tables keeps no writer out', () => {
  const WHOLE = [{ model: 'city_1', id: null, fields: null }];
  test.each([
    ['a column that is renamed', 'alter table city_1 rename column size_col to length', 'update city_1 set length = 9 where id = 1', WHOLE],
    ['a column that is dropped', 'alter table city_1 drop column size_col', 'update city_1 set name_col = \'y\' where id in (1, 2)', WHOLE],
    ['the key, renamed', 'alter table city_1 rename column id to key', 'delete from city_1 where key = 1', WHOLE],
    ['the key, renamed, and a record that comes', 'alter table city_1 rename column id to key', 'insert into city_1 (key) values (99)', WHOLE],
    ['a type without equality', 'alter table city_1 alter column name_col type json using to_json(name_col)', 'update city_1 set name_col = \'{"a": 1}\' where id = 1', [{ model: 'city_1', id: '1', fields: ['name_col'] }]],
  ])('%s', async (_, alters, writes, rows) => {
    await withCities();
    // The functions have been planned in this connection before.
    await outside.query('update city_1 set size_col = 0 where id = 3; update city_1 set size_col = 0; insert into city_1 (id) values (50); delete from city_1 where id = 50');
    await outside.query(alters);
    const stamp = await stampBesideOthers(
      () => inSight((_session, sight) => sight && { snapshot: sight.snapshot, epoch: sight.epoch }),
      (one) => inSight((_session, sight) => sight && one ? whyStale(sight, one, [CITY]) : 'no sight'),
    ) ?? fail('no sight');
    await outside.query(writes);
    expect(await logged()).toEqual(rows);
    expect(await whyNow(stamp)).toBe('changed between');
  });

  test('a log that is gone, and a namespace with another name, are said to be so, and migrating mends them', async () => {
    await withCities();
    const update = async (): Promise<unknown> => {
      const session = await storage.open({ schema: WIDE });
      try {
        await session.update({ ...CITY, ids: [1], fields: ['size'], columns: [[Math.floor(Math.random() * 1e9)]] });
        await session.commit();
        return undefined;
      } catch (error) {
        return error;
      } finally {
        await session.rollback();
      }
    };
    await outside.query('drop table ormolu_log');
    expect(await update()).toMatchObject({ code: 'STORAGE_CHANGE_LOG', message: expect.stringContaining('db.migrate()') as unknown });
    await storage.migrate(WIDE);
    expect(await update()).toBeUndefined();
    const name = new URL(database.url).pathname.slice(1);
    await outside.query(`alter schema public rename to moved; alter database ${name} set search_path = moved`);
    storage = another();
    expect(await update()).toMatchObject({ code: 'STORAGE_CHANGE_LOG' });
    await storage.migrate(WIDE);
    expect(await update()).toBeUndefined();
  });
});

describe('a process that has looked before there was a log', () => {
  beforeEach(async () => {
    await another({}, false).migrate(WIDE);
    expect((await reasons())[0]).toEqual(['*', expect.stringContaining('no change log')]);
  });

  test('keeps answers when it has migrated itself', async () => {
    await storage.migrate(WIDE);
    expect(await reasons()).toEqual([]);
    expect(await whyNow(await stampNow())).toBeUndefined();
  });

  test('asks again after a while when others have', async () => {
    await another().migrate(WIDE);
    expect((await reasons())[0]?.[0]).toBe('*');
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000);
    expect(await reasons()).toEqual([]);
    now.mockRestore();
    expect(await whyNow(await stampNow())).toBeUndefined();
  });
});

test('what was read while a model might not be kept is of another epoch once it may', async () => {
  await withCities();
  await outside.query('alter table city_1 enable row level security');
  const stamp = await stampNow();
  expect(await whyNow(stamp)).toBe('not watched');
  await outside.query('alter table city_1 disable row level security');
  await storage.migrate(WIDE);
  expect(await whyNow(stamp)).toBe('another epoch');
});

test('a table with another name gets triggers that tell it, and a model that is pointed at another table, too', async () => {
  await withCities();
  await outside.query('alter table city_1 rename to town');
  const tables = WIDE.tables.map((table) => ({ ...table, table: 'town' }));
  const renamed = new (WIDE.constructor as new (all: typeof tables) => Schema)(tables);
  await storage.migrate(renamed);
  expect((await storage.migrate(renamed)).statements).toEqual([]);
  expect(await reasons(storage, renamed)).toEqual([]);
  await outside.query('update town set size_col = 9 where id = 1');
  expect(await logged()).toEqual([{ model: 'town', id: '1', fields: ['size_col'] }]);
});

test('the log is bounded where nobody reads it: by those who write, and by migrations', async () => {
  await withCities();
  const rows = async (): Promise<number> => Number((await outside.query<{ n: string }>('select count(*)::text as n from ormolu_log')).rows[0]?.n);
  // All that one transaction has left goes at once, or stays.
  for (let n = 0; n < 2; n += 1) await outside.query('insert into ormolu_log (model, id) select \'city_1\', g::text from generate_series(1, 60000) g');
  await storage.migrate(WIDE);
  expect(await rows()).toBeLessThan(121_000);
  for (let n = 0; n < 2; n += 1) await outside.query('insert into ormolu_log (model, id) select \'city_1\', g::text from generate_series(1, 60000) g');
  for (let n = 0; n < 11; n += 1) {
    const session = await storage.open({ schema: WIDE });
    await session.insert({ ...CITY, count: 1000, ids: Array.from({ length: 1000 }, (_each, at) => 10_000 + n * 1000 + at), fields: [], columns: [] });
    await session.commit();
  }
  for (let waits = 0; await rows() > 140_000 && waits < 100; waits += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await rows()).toBeLessThan(140_000);
});

test('what is equal under a collation, or as a number, and yet another value, is told', async () => {
  await storage.migrate(new Tables(1).add('city', [column('name', 'text'), column('share', 'float8'), column('size', 'int4')]).schema());
  await outside.query('create collation folding (provider = icu, locale = \'und-u-ks-level2\', deterministic = false); alter table city_1 alter column name_col type text collate folding');
  await outside.query('insert into city_1 (id, name_col, share_col) values (1, \'a\', 0), (2, \'a\', 0)');
  await outside.query('update city_1 set name_col = \'A\', size_col = 1 where id = 1');
  expect(await logged()).toEqual([{ model: 'city_1', id: '1', fields: ['name_col', 'size_col'] }]);
  await outside.query('update city_1 set share_col = \'-0\' where id = 1');
  expect(await logged()).toEqual([{ model: 'city_1', id: '1', fields: ['share_col'] }]);
  await outside.query('update city_1 set name_col = upper(name_col)');
  expect(await logged()).toEqual([{ model: 'city_1', id: '2', fields: ['name_col'] }]);
});

test('a role that may only read and write migrates nothing, and its models are not kept', async () => {
  const name = new URL(database.url).pathname.slice(1);
  const role = `guest_${name}`;
  await another({}, false).migrate(WIDE);
  await outside.query(`create role ${role}; grant select, insert, update, delete on city_1 to ${role}; alter database ${name} set role = ${role}`);
  const guest = another();
  expect((await guest.migrate(WIDE)).statements).toEqual([]);
  expect((await reasons(guest))[0]).toEqual(['*', expect.stringContaining('as a role that owns the tables')]);
  await outside.query(`alter database ${name} reset role`);
  await storage.migrate(WIDE);
  await outside.query(`grant select on ormolu_log to ${role}; drop trigger ormolu_log_update on city_1; alter database ${name} set role = ${role}`);
  const later = another();
  expect((await later.migrate(WIDE)).statements).toEqual([]);
  expect(await reasons(later)).toEqual([['city', expect.stringContaining('as the role that owns its table')]]);
  await outside.query(`alter database ${name} reset role; drop owned by ${role}; drop role ${role}`);
});

test('statement_timeout is none for a migration', async () => {
  await withCities();
  await outside.query('begin; select pg_advisory_xact_lock(x\'4f726d6f6c75\'::int8)');
  const waiting = another({ statement_timeout: 200 }).migrate(WIDE);
  await new Promise((resolve) => setTimeout(resolve, 600));
  await outside.query('commit');
  expect((await waiting).statements).toEqual([]);
});

test('trimming is for the roles that it is granted to; telling by signals is for all who write', async () => {
  await storage.migrate(WIDE);
  const { rows } = await outside.query('select p.proname, has_function_privilege(\'public\', p.oid, \'execute\') as everybody from pg_proc p where p.proname in (\'ormolu_log_trim\', \'ormolu_log_signal\') order by 1');
  expect(rows).toEqual([{ proname: 'ormolu_log_signal', everybody: true }, { proname: 'ormolu_log_trim', everybody: false }]);
});

describe('rows of transactions to come, of a log that was restored into a younger cluster,', () => {
  const RESTORED = 'insert into ormolu_log (xid, model, id) select (4000000000000 + g)::text::xid8, case g % 2 when 0 then \'city_1\' else \'$models {}\' end, \'1\' from generate_series(1, 100) g';
  const restored = async (): Promise<number> => (await outside.query('select from ormolu_log where xid > \'4000000000000\'')).rows.length;

  test('are read by nobody, and trimmed first', async () => {
    await withCities();
    const stamp = await stampNow();
    await outside.query(RESTORED);
    expect(await whyNow(stamp)).toBeUndefined();
    await outside.query('update city_1 set size_col = 9 where id = 1');
    expect(await whyNow(stamp)).toBe('changed between');
    const kept = await stampNow();
    expect(await storage.changeLog?.trim({ keep: 50 })).toBe(100);
    expect(await restored()).toBe(0);
    // Nothing that anybody could know by them is gone.
    expect(await whyNow(kept)).toBeUndefined();
  });

  test('would be theirs who get their numbers: nothing is kept by who finds them, until they were trimmed', async () => {
    await withCities();
    await outside.query(RESTORED);
    expect(await reasons()).toEqual([['*', expect.stringContaining('restored from another server')]]);
    await storage.migrate(WIDE);
    expect([await restored(), await reasons()]).toEqual([0, []]);
    expect(await whyNow(await stampNow())).toBeUndefined();
  });
});

test('a migration tells of the log only what it changes', async () => {
  await withCities();
  expect(logLines(await storage.migrate(new Tables(1).add('city', [column('name', 'text'), column('size', 'int8')]).schema()))).toEqual(['insert into "public"."ormolu_log" (model) values (\'city_1\'), (\'$tables\')']);
});
