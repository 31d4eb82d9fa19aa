// What is kept, and for how long, decided case by case: by what came out, by how large it is, by how long it took, by who asks.
import { openOrmolu, pglite } from 'ormolu';
import { loadBenelux, models, say } from './cookbook/benelux';

async function main(): Promise<void> {
  const db = await openOrmolu({
    models, storage: pglite(),
    // Answers that the database has at once are not worth a place.
    localCache: { maxEntries: 10_000, commands: { maxEntries: 100, minTime: '1h' } },
    caches: { fast: { maxEntries: 100, ttl: '1m', maxEntryBytes: 20_000, negativeTtl: 0 } },
  });
  await db.migrate();
  await db.transaction(loadBenelux);
  const fast = db.caches.get('fast');

  // By what came out: with `negativeTtl: 0`, what was not found is looked for again.
  let looks = 0;
  const find = (): Promise<string | null> => fast.getOrSet('code:Atlantis', () => {
    looks += 1;
    return null;
  });
  await find();
  await find();
  say(`not found, and not remembered: ${String(looks)} looks`);

  // By size: larger values are answered, and not kept; that is counted.
  await fast.set('page:all', 'x'.repeat(100_000));
  say(`too large: ${String(await fast.get('page:all'))}, counted ${String(fast.stats().removals['too large'])}`);

  // By the caller: one that is not sure of its value keeps it for a shorter time, or not at all.
  const rate = async (isFinal: boolean): Promise<void> => {
    if (isFinal) await fast.set('rate:EUR', 1.09, { ttl: 0 });
    else await fast.set('rate:EUR', 1.08, { ttl: '2s' });
  };
  await rate(false);
  await rate(true);
  say(`final: ${String(await fast.get('rate:EUR'))}`);

  // By query: some keep their answers in a cache of their own, one always asks the database, one asks it and leaves the answer for others.
  const questions = async (what: string, ask: (env: Parameters<typeof loadBenelux>[0]) => Promise<unknown>): Promise<void> => {
    const before = db.stats().rungs.at(-1)?.questions ?? 0;
    await db.transaction(ask, { readOnly: true });
    say(`${what}: ${String((db.stats().rungs.at(-1)?.questions ?? 0) - before)} questions to the database`);
  };
  const belgian = { 'country.code': 'BE' } as const;
  await questions('first', (env) => env.model('city').where(belgian).cache('fast').cacheTtl('10s').ids());
  await questions('from the cache', (env) => env.model('city').where(belgian).cache('fast').ids());
  await questions('noCache', (env) => env.model('city').where(belgian).cache('fast').noCache().ids());
  await questions('cacheRefresh', (env) => env.model('city').where(belgian).cache('fast').cacheRefresh().ids());
  await questions('too fast to be kept', (env) => env.model('city').where(belgian).ids());
  await questions('asked again, therefore', (env) => env.model('city').where(belgian).ids());
  await db.close();
}

void main();
