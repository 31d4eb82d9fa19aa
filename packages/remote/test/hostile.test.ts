import { remote, serve } from '@ormolu/remote';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { WebSocket } from 'ws';
import { encode } from '../src/codec';
import { SESSION_CALLS, STORAGE_CALLS, SUBPROTOCOL } from '../src/protocol';
import { citySchema, Served } from './support/served';

const odd = fc.oneof(fc.constantFrom<unknown>(null, undefined, 0, 1, -1, Number.NaN, 2 ** 53, 1n, '', 'city', '__proto__', 'constructor', [], {}, [[]], { model: 'city' }, { model: '__proto__' }, { length: 2 ** 31 }),
  fc.string(), fc.uint8Array({ maxLength: 8 }));
const args = fc.array(fc.oneof(odd, fc.record({
  model: odd, ids: odd, fields: odd, columns: odd, count: odd, filter: odd, by: odd, aggregates: odd, order: odd, limit: odd, kind: odd, tables: odd, version: odd,
}, { requiredKeys: [] }), fc.array(odd, { maxLength: 3 })), { maxLength: 3 });
const name = fc.constantFrom(...SESSION_CALLS, ...SESSION_CALLS, ...STORAGE_CALLS);
/** Calls of the right form, with whatever in them. */
const calls = fc.tuple(fc.integer({ min: 1, max: 1e9 }), name, fc.integer({ min: 0, max: 3 }), args)
  .map(([serial, call, session, rest]) => encode([serial, call, (STORAGE_CALLS as readonly string[]).includes(call) ? 0 : session + 1, ...rest]));
/** Messages that are none. */
const frames = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.tuple(calls, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([bytes, at, byte]) => bytes.map((old, place) => (place === at % bytes.length ? byte : old))),
  fc.tuple(calls, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % bytes.length)),
  fc.anything().map((value) => encode(value)),
);

// Nearly all of it is refused, and nobody looks at where.
const { stackTraceLimit } = Error;
beforeAll(() => { Error.stackTraceLimit = 0; });
afterAll(() => { Error.stackTraceLimit = stackTraceLimit; });

const { digest, version, tables } = citySchema;
const opening = [1, 2].map((session) => encode([1e9 + session, 'open', session, [digest, { version, tables }], {}, null]));

async function connected(url: string, token?: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('tcp:', 'ws:'), [SUBPROTOCOL], token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  socket.on('error', () => undefined);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('close', () => { reject(new Error('The server has turned away a client that did nothing yet.')); });
  });
  return socket;
}

/** Sends what it may until the server has answered it all, or has had enough. */
async function send(socket: WebSocket, messages: readonly Uint8Array[]): Promise<void> {
  let answers = 0;
  await new Promise<void>((resolve) => {
    socket.once('close', () => { resolve(); });
    socket.on('message', () => {
      answers += 1;
      if (answers === messages.length) resolve();
    });
    for (const message of messages) socket.send(message);
  });
  socket.removeAllListeners('message');
}

test('calls with whatever in them, and messages that are none, change nothing and end nobody but their sender', async () => {
  const faults: unknown[] = [];
  const served = await Served.begin({ onFault: (error) => faults.push(error), limits: { maxTransactions: 3 } });
  const honest = served.client();
  await served.add(honest, 'Ghent');
  const seed = fc.sample(fc.integer(), 1)[0] ?? 0;
  let sent = 0;
  // Ordinarily 100,000 in all.
  for (let burst = 0; burst < lawRuns(98); burst += 1) {
    const socket = await connected(served.server.url);
    // Most of them find a transaction that is open.
    const messages = [...opening, ...fc.sample(calls, { numRuns: 1_000, seed: seed + burst })];
    await send(socket, messages);
    sent += messages.length;
    socket.terminate();
  }
  for (const frame of fc.sample(frames, { numRuns: lawRuns(2_000), seed })) {
    const socket = await connected(served.server.url);
    socket.send(frame);
    // Answered or not, the next one comes.
    socket.close();
    sent += 1;
  }
  await served.add(honest, 'Ypres');
  expect(await served.names()).toEqual(['Ghent', 'Ypres']);
  for (let tries = 0; tries < 500 && served.server.stats().transactions > 0; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
  expect(served.server.stats()).toMatchObject({ connections: 1, transactions: 0 });
  expect(sent).toBeGreaterThan(0);
  // Whatever is none of the protocol was found to be none before anybody looked into it.
  expect(faults).toEqual([]);
  await served.end();
}, 300_000);

test('the same from a user, who may read: nothing changes, and others are served', async () => {
  const served = await Served.begin();
  const faults: unknown[] = [];
  await served.add(served.client(), 'Ghent');
  const models = new Map([['city', { fields: new Set(['name']), served: new Set<string>() }]]);
  const server = await serve({
    storage: served.below, viewOf: (user) => Promise.resolve({ user, models, digest: 'd', schema: citySchema, mayRead: (_, field) => field !== 'size' }),
  }, { port: 0, auth: () => ({ user: 1 }), onFault: (error) => faults.push(error), limits: { maxTransactions: 3 } });
  const seed = fc.sample(fc.integer(), 1)[0] ?? 0;
  for (let burst = 0; burst < lawRuns(20); burst += 1) {
    const socket = await connected(server.url, 'clerk');
    await send(socket, [...opening, ...fc.sample(calls, { numRuns: 1_000, seed: seed + burst })]);
    socket.terminate();
  }
  const client = remote(server.url, { token: 'clerk' });
  const session = await client.open({ schema: citySchema });
  expect((await session.query({ model: 'city', filter: { kind: 'and', all: [] }, fields: ['name'] })).columns).toEqual([['Ghent']]);
  await expect(session.query({ model: 'city', filter: { kind: 'and', all: [] }, fields: ['size'] })).rejects.toMatchObject({ code: 'FIELD_UNKNOWN' });
  await session.rollback();
  await client.close();
  expect(await served.names()).toEqual(['Ghent']);
  expect(faults).toEqual([]);
  await server.close();
  await served.end();
}, 300_000);
