import { type Session, type Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { Client } from 'pg';
import { SqlChangeLog } from '../src/change-log/sql-change-log';
import { SCHEMA, watchedCities, type WatchedCities } from './support/watched-cities';

jest.setTimeout(120_000);

let cities: WatchedCities;
let other: Storage;
let role: string;

beforeEach(async () => {
  cities = await watchedCities();
  other = postgres(cities.database.url);
  role = `r_${new URL(cities.database.url).pathname.slice(1)}`;
  await cities.outside.query('insert into street_1 (id, name_col) select g, \'s\' || g from generate_series(1, 20) g');
});

afterEach(async () => {
  await cities.outside.query(`do $$ begin if exists (select from pg_roles where rolname = '${role}') then drop owned by ${role} cascade; drop role ${role}; end if; end $$`);
  await other.close();
  await cities.close();
});

const look = async (of: Storage): Promise<void> => {
  const session = await of.open({ schema: SCHEMA, sight: true });
  try {
    await session.sight?.();
  } finally {
    await session.rollback();
  }
};
const told = async (namespace = 'public'): Promise<number> => Number((await cities.outside.query<{ n: string }>(`select count(*) as n from ${namespace}.ormolu_log where model = '$tables'`)).rows[0]?.n);
const GROW = 'create or replace function grow() returns int language plpgsql as $$ begin update public.street_1 set name_col = \'grown\'; return 1; end $$';
const GROWING = 'alter table city_1 alter column size_col set default grow()';

/** What a transaction knows that was open when a default came that writes, behind its own write of that table. */
async function writingBehind(alter: () => Promise<unknown>, isolation: Session['isolation']): Promise<Readonly<Record<'touched' | 'sight' | 'written', unknown>>> {
  const session = await other.open({ schema: SCHEMA, sight: true, isolation });
  try {
    await session.read({ model: 'street', ids: [1], fields: ['name'] });
    await session.update({ model: 'street', ids: [1], fields: ['name'], columns: [['mine']] });
    await alter();
    await session.insert({ model: 'city', count: 1, ids: [99], fields: ['name'], columns: [['new']] });
    const [soon, sight] = [session.takeTouched?.() ?? [], await session.sight?.()];
    const touched = [...soon, ...session.takeTouched?.() ?? []].some(({ model }) => model === 'street');
    await session.commit();
    return { touched, sight, written: session.committed?.written ?? [] };
  } finally {
    await session.rollback();
  }
}

describe.each(['repeatable read', 'serializable'] as const)('a transaction at %s that was open when tables were altered', (isolation) => {
  test('is outdated also when tables hang together in another way since, and then as before', async () => {
    await look(other);
    await cities.outside.query(GROW);
    for (let n = 0; n < 2; n += 1) await look(other);
    const alter = async (): Promise<void> => {
      await cities.outside.query(GROWING).catch((error: unknown) => error);
      for (const statement of ['select', 'create temp table a (id int primary key); create temp table b (id int references a)', 'drop table b; drop table a']) {
        await cities.outside.query(statement);
        for (let n = 0; n < 3; n += 1) await look(other);
      }
    };
    // The lock of the table that is altered is no matter here: nobody has read it.
    expect(await writingBehind(alter, isolation)).toEqual({ touched: true, sight: undefined, written: [] });
  });

  test('is outdated also when the log was trimmed before anybody heard of it', async () => {
    await cities.outside.query(GROW);
    for (let n = 0; n < 3; n += 1) await look(other);
    await cities.outside.query(GROWING);
    // No row goes that is younger than a transaction of another database.
    let rest = 100;
    for (let tries = 0; tries < 100 && rest > 2; tries += 1) {
      await cities.outside.query('update city_1 set name_col = name_col || \'x\' where id = 5');
      await cities.outside.query('select ormolu_log_trim(1)');
      rest = Number((await cities.outside.query<{ n: string }>('select count(*) as n from ormolu_log where model = \'city_1\'')).rows[0]?.n);
      if (rest > 2) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(rest).toBeLessThanOrEqual(2);
    expect(await writingBehind(() => Promise.resolve(), isolation)).toEqual({ touched: true, sight: undefined, written: [] });
  });
});

test.each(['read committed', 'repeatable read', 'serializable'] as const)('what a function changes in a table whose log triggers are off is met by who has called it, at %s', async (isolation) => {
  await cities.outside.query(`${GROW}; ${GROWING}; alter table street_1 disable trigger all`);
  for (let n = 0; n < 2; n += 1) await look(other);
  const session = await other.open({ schema: SCHEMA, sight: true, isolation });
  try {
    await session.read({ model: 'street', ids: [1], fields: ['name'] });
    await session.insert({ model: 'city', count: 1, ids: [99], fields: ['name'], columns: [['new']] });
    expect(session.takeTouched?.()).toContainEqual(expect.objectContaining({ model: 'street' }));
  } finally {
    await session.rollback();
  }
});

describe('what it runs with its owner\'s rights is never somebody else\'s', () => {
  const intruding = async (): Promise<{ readonly isSuper: boolean | undefined; readonly warnings: readonly string[] }> => {
    const url = new URL(cities.database.url);
    [url.username, url.password] = [role, 'none'];
    const client = new Client({ connectionString: url.href });
    const warnings: string[] = [];
    client.on('notice', ({ message }) => warnings.push(String(message)));
    await client.connect();
    try {
      await client.query(`create table public.ormolu_log (xid xid8 default pg_current_xact_id(), model text, id text, fields text[]);
        create function public.evil() returns trigger language plpgsql as $$ begin execute 'alter role ${role} superuser'; return new; end $$;
        create trigger t before insert on public.ormolu_log for each row execute function public.evil()`);
      warnings.length = 0;
      await client.query('create view public.one as select 1 as one');
    } finally {
      await client.end();
    }
    return { isSuper: (await cities.outside.query<{ rolsuper: boolean }>('select rolsuper from pg_roles where rolname = $1', [role])).rows[0]?.rolsuper, warnings };
  };

  test.each<readonly [string, string]>([
    ['when the log is dropped, and somebody makes another', 'grant usage, create on schema public to %role%; drop table ormolu_log'],
    ['when its namespace is renamed, and somebody makes another of that name', 'alter schema public rename to was_public; create schema public authorization %role%'],
  ])('%s', async (_, statements) => {
    await cities.outside.query(`create role ${role} login password 'none'; ${statements.replaceAll('%role%', role)}`);
    expect(await intruding()).toEqual({ isSuper: false, warnings: [expect.stringContaining('is not trusted')] });
  });

  test('and of a log that is not trusted any more nobody says that it tells', async () => {
    await cities.outside.query(`create role ${role}; alter table ormolu_log owner to ${role}`);
    await look(other);
    expect(other.changeLog?.alterations).toBe('within a minute');
    await cities.outside.query('alter table ormolu_log owner to current_user');
    await cities.storage.migrate(SCHEMA);
    const again = postgres(cities.database.url);
    await look(again);
    expect(again.changeLog?.alterations).toBe('at once');
    await again.close();
  });
});

test('roles of any name are told apart', async () => {
  const name = `"${role} of \"\"Owners\"\", Ltd."`;
  await cities.outside.query(`create role ${name} superuser; set role ${name}; alter table ormolu_log owner to ${name}; alter function ormolu_log_tables() owner to ${name}`);
  const before = await told();
  await cities.outside.query('create view one as select 1 as one');
  expect(await told()).toBe(before + 1);
  await cities.outside.query(`reset role; reassign owned by ${name} to current_user; drop role ${name}`);
});

test('a namespace that is renamed is told of, once it was migrated again', async () => {
  await cities.outside.query('alter schema public rename to moved');
  const moved = postgres({ connectionString: cities.database.url, options: '-c search_path=moved' });
  expect((await moved.migrate(SCHEMA)).statements).not.toEqual([]);
  expect((await moved.migrate(SCHEMA)).statements).toEqual([]);
  await look(moved);
  expect(moved.changeLog?.alterations).toBe('at once');
  const before = await told('moved');
  await cities.outside.query('create view moved.one as select 1 as one');
  expect(await told('moved')).toBe(before + 1);
  expect((await cities.outside.query('select evtname from pg_event_trigger order by 1')).rows).toEqual([{ evtname: 'ormolu_log_drop_moved' }, { evtname: 'ormolu_log_end_moved' }]);
  await moved.close();
});

test('somebody\'s function of that name stays what it is, and the minute holds', async () => {
  await cities.outside.query('drop function ormolu_log_tables() cascade; create function ormolu_log_tables() returns int language sql as \'select 1\'');
  expect((await other.migrate(SCHEMA)).statements).toEqual([]);
  await look(other);
  expect(other.changeLog?.alterations).toBe('within a minute');
});

describe('who alters while the log is locked is warned that nobody was told', () => {
  const warned = async (): Promise<{ readonly client: Client; readonly warnings: string[] }> => {
    const client = await cities.connected();
    const warnings: string[] = [];
    client.on('notice', ({ message, hint }) => warnings.push(`${String(message)} ${String(hint)}`));
    return { client, warnings };
  };
  const WARNING = expect.stringMatching(/^Caches are not told .* Tell them with: select "public"\.ormolu_log_signal/) as string;

  test('for longer than he waits', async () => {
    const [locking, { client, warnings }] = [await cities.connected(), await warned()];
    await locking.query('begin; lock table ormolu_log in share mode');
    await client.query('set lock_timeout = 100; alter table city_1 alter column name_col type text using upper(name_col)');
    expect(warnings).toEqual([WARNING]);
    for (const one of [locking, client]) await one.end();
  });

  test('by who waits for him', async () => {
    const [locking, { client, warnings }] = [await cities.connected(), await warned()];
    await locking.query('begin; set local deadlock_timeout = \'1h\'; lock table ormolu_log in share mode');
    await client.query('begin; lock table city_1');
    const waiting = locking.query('lock table city_1');
    await client.query('set local deadlock_timeout = 500; alter table city_1 add column d int');
    await client.query('commit');
    await waiting;
    expect(warnings).toEqual([WARNING]);
    for (const one of [locking, client]) await one.end();
  });

  test('and a log that is gone is nobody\'s concern', async () => {
    const { client, warnings } = await warned();
    await client.query('drop table ormolu_log; create view one as select 1 as one; drop view one');
    expect(warnings).toEqual([]);
    await client.end();
  });
});

test('a question to a cache costs the same behind a thousand alterations', () => {
  const log = new SqlChangeLog({ mode: 'triggers', concurrentSessions: true, reserve: () => Promise.reject(new Error('none')), aside: () => Promise.reject(new Error('none')), countStatements: () => undefined });
  let asked = 0;
  const seen = { get xmin() { asked += 1; return 2_000n; }, xmax: 2_000n, inProgress: [] };
  const introduction = { seen, structure: '' };
  const until = { xmin: 1_500n, xmax: 1_500n, inProgress: [] };
  log.learn({ after: undefined, until, epoch: 'e', lineage: 'l', trimmed: 0n, isCut: false, rows: Array.from({ length: 1_000 }, (_, n) => ({ xid: BigInt(n + 1), model: '$tables', id: null, fields: null })) }, introduction);
  expect(log.isOutdated(introduction)).toBe(false);
  const once = asked;
  for (let n = 0; n < 100; n += 1) log.isOutdated(introduction);
  expect(asked).toBe(once);
  log.learn({ after: until, until: { xmin: 2_001n, xmax: 2_001n, inProgress: [] }, epoch: 'e', lineage: 'l', trimmed: 0n, isCut: false, rows: [{ xid: 2_000n, model: '$tables', id: null, fields: null }] }, introduction);
  expect(log.isOutdated(introduction)).toBe(true);
});
