import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { redis, redisBus } from '../../src/redis';

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

/** In front of the server: nobody answers on the first connections. */
async function silentAtFirst(connections: number): Promise<{ readonly url: string; end(): void }> {
  const sockets: Socket[] = [];
  const front = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    if (sockets.length <= connections) socket.resume();
    else socket.pipe(connect(server.port, '127.0.0.1').on('error', () => undefined)).pipe(socket);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const { port } = front.address() as AddressInfo; // of a server that listens on a port
  return {
    url: `redis://127.0.0.1:${String(port)}`,
    end: () => {
      front.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

test('a connection on which Redis does not say that it is ready is given up, and another takes its place; likewise of a bus', async () => {
  const [one, two] = [await silentAtFirst(1), await silentAtFirst(2)];
  const [backend, bus] = [redis(one.url), redisBus(two.url)];
  const isUp = (of: { onState(listener: (state: string) => void): unknown }): Promise<void> => new Promise((resolve) => void of.onState((state) => {
    if (state === 'up') resolve();
  }));
  const heard = new Promise<void>((resolve) => void bus.subscribe('channel', { message: () => undefined, state: (state) => {
    if (state === 'up') resolve();
  } }));
  await Promise.all([isUp(backend), heard]);
  expect(await backend.check()).toMatch(/^\w+$/);
  await Promise.all([backend.close(), bus.close()]);
  one.end();
  two.end();
}, 30_000);
