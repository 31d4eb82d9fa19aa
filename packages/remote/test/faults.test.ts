import { EVERYTHING, type Session, type Storage } from '@ormolu/kernel';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { ConnectionLostError, DeadlineError, IdleError, LimitError, NotCommittedError, RemoteCommitUnknownError, serve } from '@ormolu/remote';
import { encode } from '../src/codec';
import { SUBPROTOCOL } from '../src/protocol';
import { CuttingProxy } from './support/cutting-proxy';
import { Served } from './support/served';

const insert = (session: Session, name: string) => session.insert({ model: 'city', count: 1, fields: ['name'], columns: [[name]] });
const count = (session: Session) => session.count({ model: 'city', filter: EVERYTHING });

let served: Served;
let proxy: CuttingProxy;
beforeEach(async () => {
  served = await Served.begin();
  proxy = await CuttingProxy.before(served.server.port);
});
afterEach(async () => {
  await proxy.close();
  await served.end();
});

/** Waits until the server has nothing open. */
async function quiet(): Promise<void> {
  for (let tries = 0; tries < 500 && served.server.stats().transactions > 0; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 5); });
  expect(served.server.stats().transactions).toBe(0);
}

/** A client by hand, with the first transaction open. */
async function opened(url: string = served.server.url): Promise<WebSocket> {
  const raw = new WebSocket(url.replace('tcp:', 'ws:'), [SUBPROTOCOL]);
  await once(raw, 'open');
  const { digest, version, tables } = served.schema;
  raw.send(encode([1, 'open', 1, [digest, { version, tables }], {}, null]));
  await once(raw, 'message');
  return raw;
}

test.each(['request', 'answer'] as const)('a connection that breaks at a %s in a transaction takes it along, and the next one connects anew', async (at) => {
  const client = served.client({}, proxy.url);
  const session = await client.open({ schema: served.schema });
  await insert(session, 'lost');
  proxy.cutsAt = at;
  await expect(insert(session, 'lost, too')).rejects.toThrow(ConnectionLostError);
  expect(session.state).toBe('failed');
  await session.rollback();
  await quiet();
  await served.add(client, 'kept');
  expect(await served.names()).toEqual(['kept']);
});

test('a COMMIT that never came through is told of as that, and is none', async () => {
  const client = served.client({}, proxy.url);
  const session = await client.open({ schema: served.schema });
  await insert(session, 'lost');
  proxy.cutsAt = 'request';
  await expect(session.commit()).rejects.toThrow(NotCommittedError);
  expect(session.state).toBe('failed');
  await session.rollback();
  expect(await served.names()).toEqual([]);
});

test('a COMMIT whose answer was lost is found out to be one, and is done once', async () => {
  const client = served.client({}, proxy.url);
  const session = await client.open({ schema: served.schema });
  await insert(session, 'kept');
  proxy.cutsAt = 'answer';
  await session.commit();
  expect(session.state).toBe('committed');
  expect(await served.names()).toEqual(['kept']);
});

test('a COMMIT whose answer was lost with the server is unknown until it can be asked', async () => {
  const client = served.client({ connectTimeout: '300ms' }, proxy.url);
  const session = await client.open({ schema: served.schema });
  await insert(session, 'either');
  proxy.cutsAt = 'answer';
  const stopping = served.stop();
  await expect(session.commit()).rejects.toThrow(/REMOTE|either all or none|broke/);
  await stopping;
  await served.start();
  expect([session.state, RemoteCommitUnknownError.name]).toEqual(['failed', 'RemoteCommitUnknownError']);
});

test('a server that is closed rolls back what is open, and its clients find the next one at the same address', async () => {
  const { port } = served.server;
  const client = served.client();
  const session = await client.open({ schema: served.schema });
  await insert(session, 'lost');
  await served.stop();
  await expect(insert(session, 'lost, too')).rejects.toThrow(ConnectionLostError);
  await session.rollback();
  const later = served.add(client, 'kept');
  await new Promise((resolve) => { setTimeout(resolve, 200); });
  await served.start({ port });
  await later;
  expect(await served.names()).toEqual(['kept']);
});

test('an answer that does not come in time is an error, and the transaction is over', async () => {
  const client = served.client({ callTimeout: '200ms' }, proxy.url);
  const session = await client.open({ schema: served.schema });
  await insert(session, 'lost');
  proxy.cutsAt = 'mute';
  await expect(count(session)).rejects.toThrow(DeadlineError);
  expect(session.state).toBe('failed');
  await session.rollback();
  expect(session.state).toBe('rolled back');
});

test('a transaction that lies idle is rolled back, and its client is told', async () => {
  await served.stop();
  await served.start({ limits: { idleTimeout: '100ms' } });
  const client = served.client();
  const session = await client.open({ schema: served.schema });
  await insert(session, 'lost');
  await new Promise((resolve) => { setTimeout(resolve, 150); });
  await expect(count(session)).rejects.toMatchObject({ code: new IdleError(1).code });
  await session.rollback();
  expect(await served.names()).toEqual([]);
});

test('so many transactions on a connection and no more', async () => {
  await served.stop();
  await served.start({ limits: { maxTransactions: 2 } });
  const client = served.client();
  const sessions = await Promise.all(Array.from({ length: 3 }, () => client.open({ schema: served.schema })));
  const answers = await Promise.all(sessions.map((session) => count(session).catch((error: unknown) => error)));
  expect(answers).toEqual([0, 0, expect.objectContaining({ code: new LimitError('', '').code })]);
  for (const session of sessions) await session.rollback();
  await quiet();
});

test('a call that is larger than the server takes is not sent, and the transaction goes on', async () => {
  await served.stop();
  await served.start({ limits: { maxMessageBytes: 10_000 } });
  const client = served.client();
  const session = await client.open({ schema: served.schema });
  await expect(insert(session, 'x'.repeat(20_000))).rejects.toThrow(/weighs 20\d\d\d bytes, and the server at tcp:\S+ takes no more than 10000/);
  await insert(session, 'small');
  await session.commit();
  expect(await served.names()).toEqual(['small']);
});

test('a message that is larger all the same breaks the connection of who sent it, and nothing is done', async () => {
  await served.stop();
  await served.start({ limits: { maxMessageBytes: 10_000 } });
  const raw = await opened();
  raw.send(encode([2, 'insert', 1, { model: 'city', count: 1, fields: ['name'], columns: [['x'.repeat(20_000)]] }]));
  const [code] = await once(raw, 'close') as [number];
  expect(code).toBe(1009);
  await quiet();
  expect(await served.names()).toEqual([]);
});

test('a server that closes says so to those whose transactions it rolls back', async () => {
  const session = await served.client().open({ schema: served.schema });
  await insert(session, 'lost');
  await served.stop();
  await expect(count(session)).rejects.toThrow('broke: the server is closing');
  await session.rollback();
});

test('a transaction that has ended is over for its server: its number is free, and whoever takes it keeps it', async () => {
  await served.stop();
  await served.start({ limits: { idleTimeout: '100ms' } });
  const raw = await opened();
  const asked = async (serial: number, ...call: readonly unknown[]): Promise<void> => {
    raw.send(encode([serial, ...call]));
    await once(raw, 'message');
  };
  await asked(2, 'commit', 1, null);
  expect(served.server.stats().transactions).toBe(0);
  const { digest } = served.schema;
  await asked(3, 'open', 1, [digest, null], {}, null);
  for (let serial = 4; serial < 14; serial += 1) {
    await new Promise((resolve) => { setTimeout(resolve, 30); });
    await asked(serial, 'count', 1, { model: 'city', filter: EVERYTHING });
  }
  expect(served.server.stats().transactions).toBe(1);
  raw.terminate();
  await quiet();
});

test('who sends much without waiting for answers is heard of no more until some of it is done, and then all is', async () => {
  await served.stop();
  let go: () => void = () => undefined;
  const until = new Promise<void>((resolve) => { go = resolve; });
  const storage: Storage = {
    ...served.below, name: served.below.name, capabilities: served.below.capabilities, migrate: (...given) => served.below.migrate(...given),
    open: async (options) => {
      const session = await served.below.open(options);
      const { count: counts } = session;
      session.count = async (query) => {
        await until;
        return counts.call(session, query);
      };
      return session;
    },
  };
  const server = await serve({ storage }, { port: 0, limits: { maxMessageBytes: 1_000_000, keepAlive: '50ms' } });
  const raw = await opened(server.url);
  let answers = 0;
  raw.on('message', () => { answers += 1; });
  raw.send(encode([2, 'count', 1, { model: 'city', filter: EVERYTHING }]));
  for (let serial = 3; serial < 103; serial += 1) raw.send(encode([serial, 'query', 1, { model: 'city', filter: { kind: 'condition', path: ['name'], operator: 'eq', value: 'x'.repeat(900_000) } }]));
  await new Promise((resolve) => { setTimeout(resolve, 400); });
  // What is on its way in the sockets of both sides is neither.
  expect(raw.bufferedAmount).toBeGreaterThan(50_000_000);
  go();
  for (let tries = 0; tries < 1_000 && answers < 101; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
  expect(answers).toBe(101);
  raw.terminate();
  await server.close();
});

test('a message that takes long on its way is waited for, as long as some of it comes', async () => {
  await served.stop();
  await served.start({ limits: { keepAlive: '1500ms' } });
  const slow = await CuttingProxy.before(served.server.port);
  const client = served.client({ keepAlive: '1500ms' }, slow.url);
  const session = await client.open({ schema: served.schema });
  await count(session);
  slow.bytesAtOnce = 30_000;
  try {
    // Two seconds and more, either way.
    await insert(session, 'x'.repeat(6_000_000));
    expect((await session.query({ model: 'city', filter: EVERYTHING, fields: ['name'] })).columns[0]).toEqual(['x'.repeat(6_000_000)]);
    await session.commit();
  } finally {
    await session.rollback();
  }
  await slow.close();
});

test('who was busy for long hears first what has come meanwhile', async () => {
  await served.stop();
  await served.start({ limits: { keepAlive: '20ms' } });
  const session = await served.client({ keepAlive: '20ms' }).open({ schema: served.schema });
  for (let times = 0; times < 30; times += 1) {
    const until = performance.now() + 30;
    while (performance.now() < until);
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  expect(await count(session)).toBe(0);
  await session.rollback();
});

test('200 clients at a time lose nothing, and leave nothing open', async () => {
  const clients = Array.from({ length: 200 }, () => served.client());
  await Promise.all(clients.map(async (client, n) => served.add(client, `c${String(n).padStart(3, '0')}`)));
  expect(await served.names()).toEqual(Array.from({ length: 200 }, (_, n) => `c${String(n).padStart(3, '0')}`));
  expect(served.server.stats()).toMatchObject({ connections: 200, transactions: 0 });
});

test('a client whose process is killed leaves nothing open', async () => {
  const root = join(__dirname, '..', '..', '..');
  const child = fork(join(__dirname, 'support', 'dying-client.ts'), [served.server.url], { execArgv: ['--conditions=@ormolu/source', '--require', join(root, 'scripts', 'ts-node.cjs')] });
  const ended = once(child, 'exit');
  expect(await Promise.race([once(child, 'message'), ended])).toContain('written');
  expect(served.server.stats().transactions).toBe(1);
  child.kill('SIGKILL');
  await ended;
  await quiet();
  expect([await served.names(), served.server.stats().connections]).toEqual([[], 0]);
});

test('a client that does not take its answers is asked for no more, and others are served', async () => {
  const client = served.client();
  await served.add(client, 'x'.repeat(100_000));
  const slow = new WebSocket(served.server.url.replace('tcp:', 'ws:'), [SUBPROTOCOL]);
  await once(slow, 'open');
  slow.pause();
  const { digest, version, tables } = served.schema;
  slow.send(encode([1, 'open', 1, [digest, { version, tables }], {}, null]));
  const asked = 2_000;
  // 200 MB of answers, if all of them were made.
  for (let serial = 2; serial < asked + 2; serial += 1) slow.send(encode([serial, 'query', 1, { model: 'city', filter: EVERYTHING, fields: ['name'] }]));
  const before = process.memoryUsage().rss;
  for (let other = 0; other < 20; other += 1) await served.add(client, `other ${String(other)}`);
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  let answers = 0;
  const all = new Promise<void>((resolve) => {
    slow.on('message', () => {
      answers += 1;
      if (answers === asked + 1) resolve();
    });
  });
  slow.resume();
  await all;
  slow.close();
  await quiet();
});

test('a client that never takes its answers is left after a while, and its transaction is over', async () => {
  await served.stop();
  await served.start({ limits: { idleTimeout: '300ms' } });
  await served.add(served.client(), 'x'.repeat(1_000_000));
  const slow = new WebSocket(served.server.url.replace('tcp:', 'ws:'), [SUBPROTOCOL]);
  await once(slow, 'open');
  slow.pause();
  const { digest, version, tables } = served.schema;
  slow.send(encode([1, 'open', 1, [digest, { version, tables }], {}, null]));
  for (let serial = 2; serial < 100; serial += 1) slow.send(encode([serial, 'query', 1, { model: 'city', filter: EVERYTHING, fields: ['name'] }]));
  await new Promise((resolve) => { setTimeout(resolve, 100); });
  expect(served.server.stats().transactions).toBe(1);
  await quiet();
  slow.terminate();
});
