// Warming at start: what the first callers will want is asked before they come, a few questions at a time; a process that begins finds on the server what others have met.
import { openOrmolu, pglite } from 'ormolu';
import { loadBenelux, models, say } from './cookbook/benelux';

async function main(): Promise<void> {
  const db = await openOrmolu({ models, storage: pglite(), caches: { names: { maxEntries: 10_000, ttl: '1h' } } });
  await db.migrate();
  await db.transaction(loadBenelux);
  // As in a process that begins.
  db.localCache.invalidate();

  const steps: string[] = [];
  const { done, failures, statements } = await db.warm([
    (env) => env.model('country').where({}),
    // The countries come with their cities in a statement, not in one for each.
    (env) => env.model('city').where({ 'country.code': 'LU' }).prefetch('country.name'),
    (env) => env.model('city').where({ name: { startsWith: 'A' } }),
  ], { concurrency: 2, onProgress: ({ done: so, total }) => steps.push(`${String(so)}/${String(total)}`) });
  say(`warmed by ${String(done)} queries (${steps.join()}), ${String(failures.length)} failures, in ${statements < 20 ? 'fewer than 20' : String(statements)} statements`);

  const before = db.stats().rungs.at(-1)?.questions ?? 0;
  const names = await db.transaction(async (env) => {
    const cities = await env.model('city').search({ 'country.code': 'LU' });
    return env.run(() => [...cities].slice(0, 2).map((city) => `${city.name}, ${city.country.name}`));
  });
  say(`first caller: ${names.join('; ')}, ${String((db.stats().rungs.at(-1)?.questions ?? 0) - before)} questions to the database`);

  // Plain caches are warmed by what they are given: many values are one round trip.
  const cache = db.caches.get('names');
  await cache.setMany(await db.transaction(async (env) => {
    const countries = await env.model('country').search({});
    await countries.load(['code', 'name']);
    return [...countries].map((country) => [`country:${country.code}`, country.name] as const);
  }));
  say(`plain: ${String(await cache.get('country:NL'))}, ${String(cache.stats().hits)} hit, ${String(cache.stats().misses)} misses`);
  await db.close();
}

void main();
