import { ConflictError, type Isolation } from '@ormolu/kernel';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import type { LocalRungStats } from '@ormolu/tiers';
import { Client } from 'pg';
import { boolean, defineModels, openOrmolu, postgres, type DefinitionsOf, type Ormolu } from '../src/index';

const models = defineModels({ duty: { isOn: boolean() } });
type Database = Ormolu<DefinitionsOf<typeof models>>;

const PAIRS = 1_000;
/** Pairs at a time: other serializable transactions are always about. */
const TOGETHER = 5;

let scratch: ScratchDatabase;
let control: Client;
const open: Database[] = [];

async function database(localCache: false | undefined): Promise<Database> {
  const db = await openOrmolu({ models, storage: postgres(scratch.url), ...(localCache === false ? { localCache } : {}) });
  open.push(db);
  return db;
}

beforeAll(async () => {
  scratch = await createDatabase();
  control = new Client({ connectionString: scratch.url });
  await control.connect();
  await (await database(undefined)).migrate();
});
afterAll(async () => {
  await Promise.all(open.map((db) => db.close()));
  await control.end();
  await scratch.drop();
});
beforeEach(async () => {
  await control.query('truncate duty');
  // Two sides of pairs: those of one are not those of the other.
  await control.query('insert into duty (id, is_on) select n, true from generate_series(1, $1::int) n', [4 * PAIRS]);
  await control.query('vacuum analyze duty');
});

/** How the two of a pair came out. */
interface Outcome {
  readonly committed: number;
  readonly aborted: number;
}

/** Two transactions in two databases: each sees both on duty, waits until the other has seen it, too, and sends one of the two home. */
async function leaveBoth([here, there]: readonly [Database, Database], first: number, isolation: Isolation): Promise<Outcome> {
  let seen = 0;
  let go: () => void = () => undefined;
  const bothHaveSeen = new Promise<void>((resolve) => (go = resolve));
  const leave = (db: Database, own: number): Promise<void> => db.transaction(async (env) => {
    const pair = await env.model('duty').browse([first, first + 1]).load(['isOn']);
    if ((seen += 1) === 2) go();
    await bothHaveSeen;
    if (pair.mapped('isOn').every((isOn) => isOn)) await env.model('duty').browse(own).write({ isOn: false });
  }, { isolation, tries: 1 });
  const ends = await Promise.allSettled([leave(here, first), leave(there, first + 1)]);
  for (const end of ends) if (end.status === 'rejected' && !(end.reason instanceof ConflictError)) throw end.reason;
  const committed = ends.filter(({ status }) => status === 'fulfilled').length;
  return { committed, aborted: 2 - committed };
}

const hitsOf = (dbs: readonly Database[]): number => dbs.reduce((sum, db) => sum + (db.stats().rungs.find(({ rung }) => rung === 'local') as LocalRungStats).hits, 0); // the local rung says so of itself
const warm = async (dbs: readonly Database[], ids: readonly number[]): Promise<void> => {
  for (const db of dbs) await db.transaction((env) => env.model('duty').browse(ids).load(['isOn']));
};
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);
const bothOff = async (): Promise<number> => (await control.query<{ n: number }>('select count(*)::int as n from duty a join duty b on b.id = a.id + 1 where a.id % 2 = 1 and not a.is_on and not b.is_on')).rows[0]?.n ?? -1;

test('of 1,000 pairs that read each other from caches and write at SERIALIZABLE, none commits both, and no more abort than without caches', async () => {
  const cached: readonly [Database, Database] = [await database(undefined), await database(undefined)];
  const plain: readonly [Database, Database] = [await database(false), await database(false)];
  await warm(cached, range(1, 2 * PAIRS + 1));
  const before = hitsOf(cached);
  const sums = { cached: { both: 0, aborted: 0 }, plain: { both: 0, aborted: 0 } };
  for (let pair = 0; pair < PAIRS; pair += TOGETHER) {
    // In turns, so that what else happens on the machine happens to both sides.
    for (const [side, dbs, offset] of [['cached', cached, 0], ['plain', plain, 2 * PAIRS]] as const) {
      const outcomes = await Promise.all(range(pair, pair + TOGETHER).map((each) => leaveBoth(dbs, offset + 2 * each + 1, 'serializable')));
      for (const { committed, aborted } of outcomes) {
        if (committed === 2) sums[side].both += 1;
        sums[side].aborted += aborted;
      }
    }
  }
  process.stdout.write(`write skew, ${String(PAIRS)} pairs a side: both committed ${String(sums.cached.both)} with and ${String(sums.plain.both)} without caches; aborts ${String(sums.cached.aborted)} and ${String(sums.plain.aborted)}\n`);
  expect(hitsOf(cached) - before).toBe(4 * PAIRS);
  expect([sums.cached.both, sums.plain.both, await bothOff()]).toEqual([0, 0, 0]);
  expect(sums.plain.aborted).toBeGreaterThanOrEqual(PAIRS);
  expect(sums.cached.aborted).toBeLessThanOrEqual(1.1 * sums.plain.aborted);
}, 180_000);

test('at REPEATABLE READ the same pairs do commit both: the trial can fail', async () => {
  const dbs: readonly [Database, Database] = [await database(undefined), await database(undefined)];
  const outcomes = [];
  for (let pair = 0; pair < 20; pair += 1) outcomes.push(await leaveBoth(dbs, 2 * pair + 1, 'repeatable read'));
  expect(outcomes.map(({ committed }) => committed)).toEqual(outcomes.map(() => 2));
  expect(await bothOff()).toBe(20);
});
