import { serve, type RemoteServer } from '@ormolu/remote';
import { memory } from '@ormolu/storage/memory';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { encode } from '../src/codec';
import { SUBPROTOCOL } from '../src/protocol';
import { citySchema } from './support/served';

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
