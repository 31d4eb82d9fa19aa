import { randomUUID } from 'node:crypto';
import { createDatabase, sharedCacheServer, type ScratchDatabase } from '@ormolu/test-support';
import type { WarmProgress } from '../src/index';
import { countingReads, openShared } from './support/shared/models';

type Database = Awaited<ReturnType<typeof openShared>>;
const CITIES = 60;
let scratch: ScratchDatabase;
let db: Database;
const { reads, stop } = countingReads();

beforeAll(async () => {
  const [made, server] = await Promise.all([createDatabase(), sharedCacheServer('redis')]);
  scratch = made;
  db = await openShared({ url: scratch.url, server, prefix: `w-${randomUUID()}` });
  await db.migrate();
  await db.transaction(async (env) => {
    const country = await env.model('country').create({ name: 'Belgium' });
    await env.model('city').create(Array.from({ length: CITIES }, (_, at) => ({ name: `c${String(at)}`, size: at, country })));
  });
  await db.caches.get('persistent').clear();
});
afterAll(async () => {
  stop();
  await db.close();
  await scratch.drop();
});

const ofSize = (size: number) => (env: Parameters<Parameters<Database['transaction']>[0]>[0]) => env.model('city').where({ size }).prefetch('country.name');

test('what was warmed is answered without the database, and records that belong to it without a question each', async () => {
  const progress: WarmProgress[] = [];
  const report = await db.warm([ofSize(1), ofSize(2), (env) => env.model('city').where({ size: { lt: 50 } }).prefetch('country.name'), (env) => env.model('city').count({ size: { gte: 30 } })], { concurrency: 2, onProgress: (now) => progress.push(now) });
  expect(report).toMatchObject({ done: 4, failures: [], wasAborted: false });
  expect(progress).toEqual([1, 2, 3, 4].map((done) => ({ done, total: 4, failed: 0 })));
  // A query and its countries, not a question a city.
  expect(report.statements).toBeLessThan(30);
  const before = reads();
  const seen = async (): Promise<number> => db.transaction(async (env) => {
    const cities = await env.model('city').where({ size: { lt: 50 } }).prefetch('country.name').all();
    return Array.from(cities, (city) => city.country?.name).filter((name) => name === 'Belgium').length;
  });
  expect(await seen()).toBe(50);
  expect(reads()).toBe(before);
});

test('a query that fails is told of, and keeps none of the others from being asked', async () => {
  const report = await db.warm([ofSize(3), () => Promise.reject(new Error('no')), ofSize(4)], { concurrency: 1 });
  expect(report).toMatchObject({ done: 3, failures: [{ at: 1 }] });
});

test('no more are asked at a time than were allowed, and none after it was ended', async () => {
  let open = 0;
  let most = 0;
  const ending = new AbortController();
  function* queries() {
    for (let at = 0; at < 100; at += 1) {
      yield async (): Promise<void> => {
        most = Math.max(most, (open += 1));
        // The first ones wait for each other.
        while (at < 3 && most < 3) await new Promise((resolve) => setImmediate(resolve));
        open -= 1;
        if (at === 10) ending.abort();
      };
    }
  }
  const report = await db.warm(queries(), { concurrency: 3, signal: ending.signal });
  expect(most).toBe(3);
  expect(report.wasAborted).toBe(true);
  expect(report.done).toBeLessThan(20);
  await expect(db.warm([], { concurrency: 0 })).rejects.toMatchObject({ code: 'DB_OPTION_INVALID' });
});
