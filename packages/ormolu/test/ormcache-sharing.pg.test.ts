import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import fc from 'fast-check';
import { Client } from 'pg';
import { char, defineModels, openOrmolu, ormcache, postgres, remote, serve, type DefinitionsOf, type EnvironmentOf, type Ormolu } from '../src/index';

const models = defineModels({ street: { name: char() } });
type Env = EnvironmentOf<typeof models>;

let scratch: ScratchDatabase;
let other: Client;
let db: Ormolu<DefinitionsOf<typeof models>>;
let id: number;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Something to wait for. */
function signal(): { readonly given: Promise<void>; give(): void } {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give: () => give() };
}

const nameOf = async (env: Env): Promise<string | null | undefined> => (await env.model('street').browse(id).read(['name']))[0]?.name;
const slowly = ormcache(async (env: Env) => {
  await pause(20);
  return nameOf(env);
}, { name: 'slowly' });

beforeAll(async () => {
  scratch = await createDatabase();
  other = new Client({ connectionString: scratch.url });
  await other.connect();
  db = await openOrmolu({ models, storage: postgres(scratch.url) });
  await db.migrate();
  id = await db.transaction(async (env) => (await env.model('street').create({ name: 'old' })).id);
  await other.query("create function touch() returns int language plpgsql as $$ begin update street set name = 'new'; return 1; end $$");
  // A function that was never asked makes sessions look at nothing.
  await db.transaction((env) => slowly(env));
});
afterAll(async () => {
  await db.close();
  await other.end();
  await scratch.drop();
});
beforeEach(async () => {
  await other.query("update street set name = 'old'");
  await db.clearCaches();
});

/** Waits until a session of the database waits for a lock. */
async function isBlocked(): Promise<void> {
  const ask = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  while ((await other.query(ask)).rowCount === 0) await pause(5);
}

const WRITING = ['select touch()', 'select 1 from touch()', "with x as (update street set name = 'new' returning 1) select * from x", "explain analyze update street set name = 'new'"];

describe.each(['repeatable read', 'serializable', 'read committed'] as const)('what a transaction changes by SQL of its own, at %s', (isolation) => {
  test.each(WRITING)('is in nobody else\'s results: %s', async (sql) => {
    const met: unknown[] = [];
    await expect(db.transaction(async (env) => {
      await env.sql(sql);
      const own = slowly(env);
      await pause(5);
      met.push(await db.transaction((beside) => slowly(beside)), await own);
      throw new Error('taken back');
    }, { isolation })).rejects.toThrow('taken back');
    expect([...met, await db.transaction((env) => slowly(env))]).toEqual(['old', 'new', 'old']);
  });

  test('is in nobody else\'s results when the function itself changes it, nor when it does so while it is waited for', async () => {
    const writing = signal();
    const touching = ormcache(async (env: Env, writes: boolean) => {
      if (writes) {
        writing.give();
        await env.sql('select touch()');
      }
      await pause(20);
      return nameOf(env);
    }, { name: 'touching', keys: () => [] });
    await db.transaction((env) => touching(env, false));
    await db.clearCaches();
    const met: unknown[] = [];
    await expect(db.transaction(async (env) => {
      const own = touching(env, true);
      // Before that the other might be the first to compute, and this one wait for it.
      await writing.given;
      met.push(await db.transaction((beside) => touching(beside, false)), await own);
      throw new Error('taken back');
    }, { isolation })).rejects.toThrow('taken back');
    expect([...met, await db.transaction((env) => touching(env, false))]).toEqual(['old', 'new', 'old']);
  });
});

test('a result that was computed behind a function that writes is not kept under a snapshot without it', async () => {
  const [snapshot, touched] = [signal(), signal()];
  const older = db.transaction(async (env) => {
    await env.model('street').search({});
    snapshot.give();
    await touched.given;
    return [await slowly(env), (await env.sql('select name from street'))[0]?.['name']];
  });
  await snapshot.given;
  await db.transaction(async (env) => {
    await env.sql('select touch()');
    await slowly(env);
  });
  touched.give();
  expect(await older).toEqual(['old', 'old']);
});

test.each(['by itself', 'within a computation'])('who holds locks does not wait for a computation, which may be waiting for them: asked %s', async (how) => {
  const locking = ormcache(async (env: Env, writes: boolean) => {
    if (writes) await env.sql('select touch()');
    return nameOf(env);
  }, { name: 'locking', keys: () => [] });
  let waiting: Promise<unknown> | undefined;
  const besideOther = async (env: Env): Promise<unknown> => {
    await env.sql('select touch()');
    waiting = db.transaction((beside) => locking(beside, true), { isolation: 'read committed' });
    await isBlocked();
    return locking(env, false);
  };
  const around = ormcache(besideOther, { name: 'around' });
  expect(await db.transaction(how === 'by itself' ? besideOther : (env) => around(env))).toBe('new');
  expect(await waiting).toBe('new');
});

test('what a client has changed by SQL of its own, also of tables that are nobody\'s, is in no results of its other transactions', async () => {
  await other.query("create table aside as select 'old' as name; create function touch_aside() returns int language plpgsql as $$ begin update aside set name = 'new'; return 1; end $$");
  const ofAside = ormcache(async (env: Env) => {
    await pause(20);
    return (await env.sql('select name from aside'))[0]?.['name'];
  }, { name: 'ofAside' });
  const server = await serve(db, { port: 0 });
  const client = await openOrmolu({ models, storage: remote(server.url) });
  try {
    await client.transaction((env) => ofAside(env));
    for (const isolation of ['repeatable read', 'read committed'] as const) {
      await client.clearCaches();
      const met: unknown[] = [];
      await expect(client.transaction(async (env) => {
        await env.sql('select touch_aside()');
        const own = ofAside(env);
        await pause(5);
        met.push(await client.transaction((beside) => ofAside(beside)), await own);
        throw new Error('taken back');
      }, { isolation })).rejects.toThrow('taken back');
      expect([...met, await client.transaction((env) => ofAside(env))]).toEqual(['old', 'new', 'old']);
    }
  } finally {
    await client.close();
    await server.close();
  }
});

test('at SERIALIZABLE no two transactions that write what the other was told by a memoised function both commit', async () => {
  const count = ormcache(async (env: Env, name: string) => await env.model('street').count({ name }), { name: 'count' });
  const [east = 0, west = 0] = await db.transaction(async (env) => (await env.model('street').create([{ name: 'east' }, { name: 'west' }])).ids);
  for (let round = 0; round < 5; round += 1) {
    await db.transaction(async (env) => {
      await env.model('street').browse(east).write({ name: 'east' });
      await env.model('street').browse(west).write({ name: 'west' });
      await count.clear(env);
    });
    await db.transaction(async (env) => [await count(env, 'east'), await count(env, 'west')]);
    const told = [signal(), signal()] as const;
    const work = (mine: 0 | 1, name: string): Promise<unknown> => db.transaction(async (env) => {
      const met = await count(env, name);
      told[mine].give();
      await Promise.all(told.map(({ given }) => given));
      if (met === 0) return;
      await env.model('street').browse([east, west][mine] ?? 0).write({ name: 'closed' });
      await count.clear(env);
    }, { isolation: 'serializable' });
    await Promise.all([work(0, 'west'), work(1, 'east')]);
    expect((await other.query("select from street where name = 'closed'")).rowCount).toBe(1);
  }
  await other.query('delete from street where id = any($1)', [[east, west]]);
});

test('at SERIALIZABLE a transaction computes once, however often it asks, and others take its result', async () => {
  let computed = 0;
  const slow = ormcache(async (env: Env) => {
    computed += 1;
    return nameOf(env);
  }, { name: 'slow' });
  await db.transaction((env) => slow(env));
  await db.clearCaches();
  computed = 0;
  await db.transaction(async (env) => [await Promise.all([slow(env), slow(env)]), await slow(env)], { isolation: 'serializable' });
  expect([await db.transaction((env) => slow(env)), computed]).toEqual(['old', 1]);
});

test.each([
  [{ a: undefined }, { a: null }], [[undefined], [null]], [new Array(1), []], [new Uint8Array([1, 0]), new Uint16Array([1])],
])('arguments that differ have results of their own: %p and %p', async (one, another) => {
  const which = ormcache((_: Env, given: unknown) => Promise.resolve(given), { name: 'which' });
  expect(await db.transaction(async (env) => [await which(env, one), await which(env, another)])).toEqual([one, another]);
});

test('SQL that changes nothing leaves results to be kept', async () => {
  let computed = 0;
  const counted = ormcache(async (env: Env) => {
    computed += 1;
    return (await env.sql('select name from street'))[0]?.['name'];
  }, { name: 'counted' });
  const ask = (): Promise<unknown> => db.transaction(async (env) => {
    await env.sql('select 1');
    return counted(env);
  });
  expect([await ask(), await ask(), computed]).toEqual(['old', 'old', 1]);
});

describe('a memoised function that asks others', () => {
  const SLOW = 11;
  let running = new Map<number, number>();
  let most = 0;
  let computed = 0;

  /** Asks for the first of the keys, whose computation asks for the next. */
  const along: (env: Env, path: readonly number[]) => Promise<string> = ormcache(async (env: Env, [key = 0, ...rest]: readonly number[]) => {
    computed += 1;
    const now = (running.get(key) ?? 0) + 1;
    running.set(key, now);
    most = Math.max(most, now);
    await pause(key === SLOW ? 50 : key % 3);
    await nameOf(env);
    if (rest.length > 0) await along(env, rest);
    running.set(key, (running.get(key) ?? 0) - 1);
    return `result of ${String(key)}`;
  }, { name: 'along', keys: (_, [key]) => [key] });
  const askAll = (paths: readonly (readonly number[])[]): Promise<readonly string[]> => Promise.all(paths.map((path) => db.transaction((env) => along(env, path))));

  beforeEach(async () => {
    await db.transaction((env) => along(env, [0]));
    await db.clearCaches();
    running = new Map();
    [most, computed] = [0, 0];
  });

  test('waits for them: transactions that ask for the same within computations of their own do not compute it beside each other', async () => {
    await askAll([[1, SLOW], [2, SLOW], [3, SLOW], [4, SLOW]]);
    expect(most).toBe(1);
  });

  test('does not wait where that would close a circle: two that ask for each other compute both twice at most', async () => {
    expect(await askAll([[2, 5], [5, 2]])).toEqual(['result of 2', 'result of 5']);
    expect(computed).toBeLessThanOrEqual(4);
  });

  test('law: for all chains of questions none waits for ever, and where they have one order no key is computed twice at a time', async () => {
    const path = fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
    await fc.assert(fc.asyncProperty(fc.array(path, { minLength: 2, maxLength: 5 }), fc.boolean(), async (given, inOrder) => {
      const paths = inOrder ? given.map((one) => one.toSorted((a, b) => a - b)) : given;
      await db.clearCaches();
      most = 0;
      expect(await askAll(paths)).toEqual(paths.map(([key]) => `result of ${String(key)}`));
      if (inOrder) expect(most).toBe(1);
      expect(most).toBeLessThanOrEqual(paths.length);
    }), { numRuns: lawRuns(60) });
  });
});
