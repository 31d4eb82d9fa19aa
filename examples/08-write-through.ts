// Write-through: who changes the database puts the new value into the cache, too, so that the next reader need not load it. First the database: only what it has taken is true.
import { openOrmolu, pglite } from 'ormolu';
import { cityCount, loadBenelux, models, say, type World } from './cookbook/benelux';
import { cacheServer } from './cookbook/cache-server';

async function main(): Promise<void> {
  const server = await cacheServer();
  const db = await openOrmolu({ models, storage: pglite(), caches: { counts: { l2: server.connect(), prefix: server.prefix, ttl: '5m' } } });
  await db.migrate();
  await db.transaction(loadBenelux);
  const counts = db.caches.get('counts');

  /** Builds a city. What is put into the cache is put there when it has been committed, and not at all when it was not. */
  const build = async (env: World, name: string): Promise<void> => {
    const country = (await env.model('country').search({ code: 'LU' })).ensureOne();
    await env.model('city').create({ name, country });
    const count = await cityCount(env, 'LU');
    env.transaction.postcommit.add(() => counts.set('city:LU', count));
  };

  let loads = 0;
  const countOf = (): Promise<number> => counts.getOrSet('city:LU', () => {
    loads += 1;
    return -1;
  });

  await db.transaction((env) => build(env, 'Neustadt'));
  say(`after the commit: ${String(await countOf())}, ${String(loads)} loads`);

  await db.transaction(async (env) => {
    await build(env, 'Nowhere');
    throw new Error('second thoughts');
  }).catch((error: unknown) => say(`rolled back: ${(error as Error).message}`));
  say(`as before: ${String(await countOf())}, ${String(loads)} loads`);

  // Several values are one round trip, like one.
  const before = counts.stats().shared?.calls ?? 0;
  await counts.setMany([['city:BE', 550], ['city:NL', 1_740]]);
  say(`two values written in ${(counts.stats().shared?.calls ?? 0) - before <= 2 ? 'one question and one write' : 'more'}`);
  await db.close();
  server.stop();
}

void main();
