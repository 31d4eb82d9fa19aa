import { EVERYTHING, type Session } from '@ormolu/kernel';
import { serve, type RemoteServer } from '@ormolu/remote';
import { memory } from '@ormolu/storage/memory';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { encode } from '../src/codec';
import { SUBPROTOCOL } from '../src/protocol';
import { CuttingProxy } from './support/cutting-proxy';
import { citySchema, Served } from './support/served';

/** 50,000 bytes and more, as they travel. */
const models = new Map([['city', { fields: new Set(Array.from({ length: 5_000 }, (_, n) => `field_${String(n).padStart(5, '0')}`)), served: new Set<string>() }]]);

let views = 0;
let server: RemoteServer;
let socket: WebSocket;
beforeEach(async () => {
  views = 0;
  server = await serve({
    storage: memory(),
    viewOf: (user) => {
      views += 1;
      return Promise.resolve({ user, models, digest: 'd', schema: citySchema, mayRead: () => true });
    },
  }, { port: 0, auth: () => ({ user: 1 }) });
  socket = new WebSocket(server.url.replace('tcp:', 'ws:'), [SUBPROTOCOL], { headers: { authorization: 'Bearer clerk' } });
  await once(socket, 'open');
  socket.pause();
});
afterEach(async () => {
  socket.terminate();
  await server.close();
});

/** Lets the server do what it does by itself. */
async function settled(): Promise<void> {
  for (let [turns, before] = [0, -1]; turns < 20 || before !== views; turns += 1) {
    before = views;
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
}

test('a user who asks what he may see and takes no answer is not answered ahead, and is when he takes them', async () => {
  const asked = 2_000;
  for (let serial = 1; serial <= asked; serial += 1) socket.send(encode([serial, 'hello', 0]));
  await settled();
  // 4 MiB, and what is on its way in the sockets; not 100 MB.
  expect(views).toBeLessThan(asked / 2);
  let answers = 0;
  const all = new Promise<void>((resolve) => {
    socket.on('message', () => {
      answers += 1;
      if (answers === asked) resolve();
    });
  });
  socket.resume();
  await all;
  expect([views, answers]).toEqual([asked, asked]);
});

test.each<[string, readonly unknown[]]>([['of no session', ['commit', 9, null]], ['that are forbidden', ['trim', 0, null]], ['with the wrong arguments', ['outcome', 0, 7]]])('a client that makes calls %s and takes no answer is left before there are many', async (_, call) => {
  const asked = 100_000;
  for (let serial = 1; serial <= asked; serial += 1) socket.send(encode([serial, ...call]));
  let answers = 0;
  socket.on('message', () => { answers += 1; });
  await settled();
  socket.resume();
  const [code] = await once(socket, 'close') as [number];
  expect(code).toBe(1008);
  expect(answers).toBeLessThan(asked);
});

test('a slow client is waited for, although more joins what it has not taken yet than it takes', async () => {
  const below = memory();
  const open = below.open.bind(below);
  const held: ((bytes: number) => void)[] = [];
  below.open = async (options) => {
    const session = await open(options);
    const query = session.query.bind(session);
    session.query = async (asked) => {
      // The server's own look for old tokens is none of these.
      if (asked.model !== 'city') return query(asked);
      const bytes = await new Promise<number>((resolve) => { held.push(resolve); });
      return { ids: [1], columns: [['x'.repeat(bytes)]] };
    };
    return session;
  };
  const served = await Served.begin({ limits: { idleTimeout: '4s' } }, below);
  const proxy = await CuttingProxy.before(served.server.port);
  const client = served.client({}, proxy.url);
  const sessions = await Promise.all([0, 1, 2].map(() => client.open({ schema: served.schema })));
  const [first, second, third] = sessions as [Session, Session, Session]; // three of them
  const ask = async (session: Session): Promise<number> => String((await session.query({ model: 'city', filter: EVERYTHING, fields: ['name'] })).columns[0]?.[0]).length;
  const asked = [ask(first), ask(second)];
  while (held.length < 2) await new Promise((resolve) => { setTimeout(resolve, 5); });
  proxy.bytesAtOnce = 80_000;
  held[0]?.(12_000_000);
  // This one waits until the answer has been taken, while another joins it.
  const waiting = third.count({ model: 'city', filter: EVERYTHING });
  setTimeout(() => held[1]?.(30_000_000), 200);
  // Which of the two came to the storage first is not told.
  expect((await Promise.all(asked)).sort((a, b) => a - b)).toEqual([12_000_000, 30_000_000]);
  expect(await waiting).toBe(0);
  for (const session of sessions) await session.rollback();
  await client.close();
  await proxy.close();
  await served.end();
});

test('a slow client is waited for that takes a single large answer', async () => {
  const below = memory();
  const open = below.open.bind(below);
  below.open = async (options) => {
    const session = await open(options);
    const query = session.query.bind(session);
    session.query = async (asked) => (asked.model === 'city' ? { ids: [1], columns: [['x'.repeat(24_000_000)]] } : query(asked));
    return session;
  };
  const served = await Served.begin({ limits: { idleTimeout: '1s' } }, below);
  const proxy = await CuttingProxy.before(served.server.port);
  const client = served.client({}, proxy.url);
  try {
    const [asking, waiting] = await Promise.all([0, 1].map(() => client.open({ schema: served.schema }))) as [Session, Session]; // two of them
    expect(await waiting.count({ model: 'city', filter: EVERYTHING })).toBe(0);
    proxy.bytesAtOnce = 80_000;
    const asked = asking.query({ model: 'city', filter: EVERYTHING, fields: ['name'] });
    // Behind it, on the same way.
    const counted = new Promise((resolve) => { setTimeout(resolve, 200); }).then(() => waiting.count({ model: 'city', filter: EVERYTHING }));
    expect([String((await asked).columns[0]?.[0]).length, await counted]).toEqual([24_000_000, 0]);
    for (const session of [asking, waiting]) await session.rollback();
  } finally {
    proxy.bytesAtOnce = undefined;
    await client.close();
    await proxy.close();
    await served.end();
  }
});

test('the system asks, too, whether a client is there that is not listened to', async () => {
  const kept = jest.spyOn(Socket.prototype, 'setKeepAlive');
  const served = await Served.begin({ limits: { keepAlive: '12345ms' } });
  await served.client({ keepAlive: '54321ms' }).connect();
  expect(kept.mock.calls).toEqual(expect.arrayContaining([[true, 12_345], [true, 54_321]]));
  kept.mockRestore();
  await served.end();
});
