import { EVERYTHING } from '@ormolu/kernel';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { memory } from '@ormolu/storage/memory';
import { decode, encode } from '../src/codec';
import { SUBPROTOCOL } from '../src/protocol';
import { CuttingProxy } from './support/cutting-proxy';
import { citySchema, Served } from './support/served';

const QUERY = { model: 'city', filter: EVERYTHING };
const { digest, version, tables } = citySchema;

async function connected(served: Served): Promise<WebSocket> {
  const socket = new WebSocket(served.server.url.replace('tcp:', 'ws:'), [SUBPROTOCOL]);
  await once(socket, 'open');
  socket.send(encode([1, 'open', 1, [digest, { version, tables }], {}, null]));
  await once(socket, 'message');
  return socket;
}

test.each([['savepoint', [], /has 10000 savepoints/], ['stream', [QUERY, null], /reads 10000 streams at a time/]] as const)('a transaction has 10,000 of what a %s opens and no more, and goes on', async (name, args, told) => {
  const served = await Served.begin();
  const socket = await connected(served);
  let last: readonly unknown[] = [];
  let answers = 0;
  socket.on('message', (data) => {
    answers += 1;
    last = decode(data as Buffer) as readonly unknown[]; // a reply
  });
  const ask = async (from: number, calls: readonly (readonly unknown[])[]): Promise<void> => {
    const wanted = answers + calls.length;
    for (const [at, call] of calls.entries()) socket.send(encode([from + at, ...call]));
    while (answers < wanted) await new Promise((resolve) => { setTimeout(resolve, 2); });
  };
  for (let batch = 0; batch < 10; batch += 1) await ask(2 + batch * 1_000, Array<unknown[]>(1_000).fill([name, 1, ...args]));
  expect(last.slice(0, 3)).toEqual(['answer', 10_001, 10_000]);
  await ask(10_002, [[name, 1, ...args]]);
  expect(last.slice(0, 3)).toMatchObject(['error', 10_002, { code: 'REMOTE_LIMIT', message: expect.stringMatching(told) as string }]);
  await ask(10_003, [['count', 1, QUERY]]);
  expect(last.slice(0, 3)).toEqual(['answer', 10_003, 0]);
  socket.terminate();
  await served.end();
});

test('a client has 10,000 calls that are being done and no more: then it is left', async () => {
  let go: () => void = () => undefined;
  const held = new Promise<void>((resolve) => { go = resolve; });
  const below = memory();
  const open = below.open.bind(below);
  below.open = async (options) => {
    const session = await open(options);
    session.count = async () => { await held; return 0; };
    return session;
  };
  const served = await Served.begin({}, below);
  const socket = await connected(served);
  for (let serial = 2; serial < 10_002; serial += 1) socket.send(encode([serial, 'count', 1, QUERY]));
  // It is heard still.
  socket.send(encode([20_000, 'count', 1, QUERY]));
  const [code, reason] = await once(socket, 'close') as [number, Buffer];
  expect([code, reason.toString()]).toEqual([1008, 'too many calls without waiting for answers']);
  go();
  for (let tries = 0; tries < 500 && served.server.stats().connections > 0; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
  expect(served.server.stats()).toMatchObject({ connections: 0, transactions: 0 });
  await served.end();
});

test('transactions that meet a connection that has broken make one new one together', async () => {
  let asked = 0;
  const served = await Served.begin({ auth: () => { asked += 1; return 'worker'; } });
  const proxy = await CuttingProxy.before(served.server.port);
  const client = served.client({ token: 'a-secret-of-some-length' }, proxy.url);
  const before = await Promise.all(Array.from({ length: 10 }, () => client.open({ schema: served.schema })));
  expect(await Promise.all(before.map((session) => session.count(QUERY)))).toEqual(Array(10).fill(0));
  proxy.cutsAt = 'request';
  expect(await Promise.all(before.map((session) => session.count(QUERY).catch((error: unknown) => (error as { code: unknown }).code)))).toEqual(Array(10).fill('REMOTE_CONNECTION_LOST'));
  const behind = await Promise.all(Array.from({ length: 10 }, () => client.open({ schema: served.schema })));
  expect(await Promise.all(behind.map((session) => session.count(QUERY)))).toEqual(Array(10).fill(0));
  expect(asked).toBe(2);
  for (const session of [...before, ...behind]) await session.rollback();
  await client.close();
  await proxy.close();
  await served.end();
});

test('behind an answer that did not come in time the transaction of the server is over, too', async () => {
  let go: () => void = () => undefined;
  const held = new Promise<void>((resolve) => { go = resolve; });
  const below = memory();
  const open = below.open.bind(below);
  below.open = async (options) => {
    const session = await open(options);
    session.count = async () => { await held; return 0; };
    return session;
  };
  const served = await Served.begin({}, below);
  const session = await served.client({ callTimeout: '500ms' }).open({ schema: served.schema });
  await session.insert({ model: 'city', count: 1, fields: ['name'], columns: [['lost']] });
  await expect(session.count(QUERY)).rejects.toMatchObject({ code: 'REMOTE_DEADLINE' });
  await session.rollback();
  expect(served.server.stats()).toMatchObject({ connections: 1, transactions: 1 });
  go();
  for (let tries = 0; tries < 500 && served.server.stats().transactions > 0; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
  expect([served.server.stats().transactions, await served.names()]).toEqual([0, []]);
  await served.end();
});
