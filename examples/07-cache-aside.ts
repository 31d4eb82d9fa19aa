// Cache-aside: the program asks the cache; what is not there it loads, and puts in for the next. `getOrSet` does both, once for all who ask.
import { openOrmolu, pglite } from 'ormolu';
import { cityCount, loadBenelux, models, say } from './cookbook/benelux';

async function main(): Promise<void> {
  const db = await openOrmolu({ models, storage: pglite(), caches: { counts: { maxEntries: 1_000, ttl: '5m', negativeTtl: '10s' } } });
  await db.migrate();
  await db.transaction(loadBenelux);

  const counts = db.caches.get('counts');
  let loads = 0;
  const countOf = (code: string): Promise<number | null> => counts.getOrSet(`city:${code}`, () => {
    loads += 1;
    return db.transaction((env) => cityCount(env, code));
  });

  const all = await Promise.all(Array.from({ length: 50 }, () => countOf('BE')));
  say(`50 callers at once: ${String(all[0])} cities, ${String(loads)} load`);
  await countOf('BE');
  say(`again: ${String(loads)} load`);

  // That there is nothing is known, too, for as long as `negativeTtl`.
  await countOf('XX');
  say(`no such country: ${String(await countOf('XX'))}, ${String(loads)} loads`);

  // Of several keys at once, the loader is asked once for all that are missing.
  const many = await counts.getMany<number | null>(['city:BE', 'city:NL', 'city:LU'], async (missing) => {
    loads += 1;
    say(`missing: ${missing.join()}`);
    return db.transaction(async (env) => Promise.all(missing.map(async (key) => [key, await cityCount(env, key.slice(-2))] as const)));
  });
  say(`${[...many].map(([key, count]) => `${key} ${String(count)}`).join('; ')}; ${String(loads)} loads`);

  // By hand, where getting and putting are far apart.
  if ((await counts.get('name:BE')) === undefined) await counts.set('name:BE', 'Belgium', { ttl: '1h' });
  say(`by hand: ${String(await counts.get('name:BE'))}`);
  await db.close();
}

void main();
