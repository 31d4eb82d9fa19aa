// What takes entries out: nothing has to where records are cached; of plain values, a key, a tag, a model or pattern, a cache, all of them, or time.
import { openOrmolu, pglite } from 'ormolu';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadBenelux, models, say } from './cookbook/benelux';
import { cacheServer } from './cookbook/cache-server';

async function main(): Promise<void> {
  const server = await cacheServer();
  const db = await openOrmolu({ models, storage: pglite(), caches: {
    queries: { maxEntries: 1_000, ttl: '1h' },
    pages: { l2: server.connect(), prefix: server.prefix, ttl: '1h' },
  } });
  await db.migrate();
  await db.transaction(loadBenelux);

  // Records and answers: a commit changes what it changes, and every reader is told what the database would tell him.
  const count = (): Promise<number> => db.transaction((env) => env.model('city').where({ 'country.code': 'LU' }).cache('queries').count());
  const first = await count();
  await db.transaction(async (env) => env.model('city').create({ name: 'Neustadt', country: (await env.model('country').search({ code: 'LU' })).ensureOne() }));
  say(`after a commit, unasked: ${String(first)}, then ${String(await count())}`);

  // Plain values know only what they are told.
  const pages = db.caches.get('pages');
  const fill = async (): Promise<void> => {
    await pages.setMany([['city:1', 'Aalst'], ['city:2', 'Aalter']], { tags: ['city'] });
    await pages.set('country:1', 'Belgium', { tags: ['country'] });
    await pages.set('home', 'all of them', { tags: ['country', 'city'] });
  };
  const left = async (): Promise<string> => [...(await pages.getMany(['city:1', 'city:2', 'country:1', 'home'])).keys()].join();

  await fill();
  await pages.delete('city:1');
  say(`by key, left: ${await left()}`);
  await fill();
  await pages.deleteByPattern('city:*');
  say(`by pattern, left: ${await left()}`);
  await fill();
  await pages.deleteByTag('country');
  say(`by tag, left: ${await left()}`);
  await fill();
  await pages.deleteByModel('city');
  say(`by model, left: ${await left()}`);
  await fill();
  const end = pages.invalidateOn({ every: '20ms', pattern: 'home' });
  while ((await pages.get('home')) !== undefined) await sleep(10);
  end();
  say(`by interval, left: ${await left()}`);
  await pages.clear();
  say(`all, left: ${await left()}`);

  // With the change itself: when the transaction has been committed, and not when it was rolled back.
  await fill();
  await db.transaction(async (env) => {
    await (await env.model('city').browse(1).load(['name'])).write({ name: 'Alost' });
    env.transaction.postcommit.add(() => pages.deleteByTag('city'));
  });
  say(`with a commit, left: ${await left()}`);
  await db.close();
  server.stop();
}

void main();
