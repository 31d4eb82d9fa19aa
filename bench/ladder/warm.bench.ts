import { openOrmolu, postgres } from 'ormolu';
import { Client } from 'pg';
import { aim, atLeast, bench, timeCase, type TimeCase, type Timed } from '../harness';
import { filled, ids, models, type World } from '../storage/support/open-world';

const CITIES = 50_000;
/** What a list finds. */
const LISTED = 500;
const TWENTY = ids(20);

type Work = (env: World) => unknown;

/** Transactions at REPEATABLE READ that do the same again and again, with a local cache or without. */
async function transactions(localCache: false | undefined, { work, times }: { readonly work: Work; readonly times: number }): Promise<Timed> {
  const { url, drop } = await filled(CITIES, LISTED);
  const db = await openOrmolu({ models, storage: postgres(url), ...(localCache === false ? { localCache } : {}) });
  await db.transaction(work);
  return {
    run: async () => {
      for (let n = 0; n < times; n += 1) await db.transaction(work);
    },
    close: async () => {
      await db.close();
      await drop();
    },
  };
}

/** Both sides run the same work; ours has met all it asks for in an earlier transaction. */
const warm = (name: string, { target, ...asked }: { readonly work: Work; readonly times: number; readonly target?: TimeCase['target'] }): TimeCase => timeCase({
  name, target, compare: 'speed', operations: asked.times,
  base: () => transactions(false, asked),
  ours: () => transactions(undefined, asked),
});

/** What no transaction at REPEATABLE READ is below, since without it nobody knows its snapshot: one message, with the statements that a session sends when it only looks. */
async function floor(times: number): Promise<Timed> {
  const { url, drop } = await filled(CITIES, LISTED);
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    run: async () => {
      for (let n = 0; n < times; n += 1) await client.query('begin isolation level repeatable read; select ormolu_log_since(pg_snapshot_xmax(pg_current_snapshot()), \'{}\'); commit');
    },
    close: async () => {
      await client.end();
      await drop();
    },
  };
}

/** What warm answers take beyond that: times the floor. */
const overFloor = (name: string, { times, work }: { readonly work: Work; readonly times: number }): TimeCase => timeCase({
  name: `${name}, warm (base: a message by hand with BEGIN, the poll and COMMIT)`, operations: times,
  base: () => floor(times),
  ours: () => transactions(undefined, { work, times }),
});

const list: Work = async (env) => (await env.model('city').search({ country: 1 }, { order: ['name'] })).load(['name', 'population']);

export default bench({
  needsServers: true,
  title: 'PostgreSQL: whole transactions at REPEATABLE READ, BEGIN and COMMIT included, whose answers are warm (base: without the local cache)',
  cases: [
    warm('20 records, one after the other as code meets them', {
      target: aim(atLeast(5)), times: 20,
      work: async (env) => {
        for (const id of TWENTY) await env.model('city').browse(id).load(['name', 'population']);
      },
    }),
    warm('20 records in one question', { times: 50, work: (env) => env.model('city').browse(TWENTY).load(['name', 'population']) }),
    warm(`a list of ${String(LISTED)} of 50,000, with two fields of each`, {
      target: aim(atLeast(10)), times: 5,
      work: list,
    }),
    warm(`the same, only which they are`, { times: 5, work: (env) => env.model('city').search({ country: 1 }, { order: ['name'] }) }),
    warm('an aggregate over 50,000 by country', { target: aim(atLeast(10)), times: 5, work: (env) => env.model('city').readGroup({ by: ['country'], sum: ['population'] }) }),
    warm('a count of some of 50,000', { target: aim(atLeast(10)), times: 5, work: (env) => env.model('city').count({ population: { gte: 9_000_000 } }) }),
    overFloor('one record', { times: 50, work: (env) => env.model('city').browse(1).load(['name']) }),
    overFloor(`a list of ${String(LISTED)}, with two fields of each`, { times: 50, work: list }),
  ],
});
