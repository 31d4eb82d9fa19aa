// A program that holds servers, to be killed by supervisor.pg.test.ts.
import { ownCacheServer, startServices } from '@ormolu/test-support';

void startServices().then(async ({ servers, supervisorPid }) => {
  const asked = [await ownCacheServer('redis'), await ownCacheServer('memcached')];
  console.log(JSON.stringify({ servers: [...servers, ...asked.map(({ pid }) => ({ pid }))], supervisorPid }));
  setInterval(() => undefined, 1_000);
});
