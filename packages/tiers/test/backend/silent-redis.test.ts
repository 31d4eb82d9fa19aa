import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { redis } from '../../src/redis';

let server: OwnCacheServer;
beforeEach(async () => {
  server = await ownCacheServer('redis');
});
afterEach(() => {
  jest.restoreAllMocks();
  server.stop();
});

test('a connection to Redis that has owed an answer for five seconds is given up, and another takes its place', async () => {
  const backend = redis(server.url);
  const states: string[] = [];
  await new Promise<void>((resolve) => backend.onState((state) => {
    states.push(state);
    if (state === 'up') resolve();
  }));
  server.signal('SIGSTOP');
  const unanswered = backend.check().catch((error: unknown) => error);
  const now = performance.now.bind(performance);
  jest.spyOn(performance, 'now').mockImplementation(() => now() + 6_000);
  await expect(backend.check()).rejects.toMatchObject({ code: 'TIER_UNAVAILABLE' });
  server.signal('SIGCONT');
  await unanswered;
  const deadlineMs = now() + 10_000;
  while (!states.slice(1).includes('up') && now() < deadlineMs) await new Promise(setImmediate);
  expect(states).toEqual(['up', 'down', 'up']);
  expect(await backend.check()).toMatch(/^\w+$/);
  await backend.close();
}, 20_000);
