// Memory, then the server that all processes share, then the loader: what each of them answers, and who sees what has changed, and when.
import { memory, openOrmolu } from 'ormolu';
import { setTimeout as sleep } from 'node:timers/promises';
import { models, say } from './cookbook/benelux';
import { cacheServer } from './cookbook/cache-server';

async function main(): Promise<void> {
  const server = await cacheServer();
  /** What each process of a program does. Two of them are shown in one here. */
  const opened = async () => openOrmolu({ models, storage: memory(), caches: { pages: {
    l1: { maxEntries: 100, policy: 's3fifo', ttl: '200ms' }, l2: server.connect(), prefix: server.prefix, ttl: '1h',
  } } });
  const [here, there] = [await opened(), await opened()];

  let loads = 0;
  const ask = async (db: typeof here, who: string): Promise<void> => {
    const cache = db.caches.get('pages');
    const before = { loads, server: cache.stats().shared?.hits ?? 0 };
    const page = await cache.getOrSet('page:home', () => {
      loads += 1;
      return `version ${String(loads)}`;
    });
    const from = loads > before.loads ? 'the loader' : (cache.stats().shared?.hits ?? 0) > before.server ? 'the server' : 'memory';
    say(`${who}: ${page}, from ${from}`);
  };

  await ask(here, 'here');
  await ask(here, 'here');
  await ask(there, 'there');
  await ask(there, 'there');

  // Deleted on the server at once; what others keep in their memory they answer with until their l1.ttl is over.
  await here.caches.get('pages').delete('page:home');
  await ask(there, 'there, a moment after it was deleted here');
  await sleep(250);
  await ask(there, 'there, when its memory is asked no more');
  await ask(here, 'here');
  await Promise.all([here.close(), there.close()]);
  server.stop();
}

void main();
