import { request } from 'node:http';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { AccessError, remote, RemoteOptionError, serve, UnreachableError, type Access, type Auth } from '@ormolu/remote';
import { memory } from '@ormolu/storage/memory';
import { SUBPROTOCOL } from '../src/protocol';
import { Served } from './support/served';

const TOKEN = 'a-secret-of-some-length';

test.each<[string, Auth]>([
  ['a list of tokens', { workers: ['another-secret-of-some', TOKEN] }],
  ['a function', (token) => (token === TOKEN ? 'worker' : undefined)],
  ['a function that takes its time', async (token) => { await new Promise(setImmediate); return token === TOKEN ? 'worker' : undefined; }],
])('who has a token that %s knows comes in, and nobody else', async (_, auth) => {
  const served = await Served.begin({ auth });
  await served.add(served.client({ token: TOKEN }), 'Ghent');
  for (const token of [undefined, 'another-secret-of-sum', `${TOKEN}x`, TOKEN.slice(1)]) {
    const refused = served.client({ token }).connect();
    await expect(refused).rejects.toThrow(AccessError);
    await expect(refused).rejects.toThrow('does not accept this token');
  }
  expect([await served.names(), served.server.stats().refused]).toEqual([['Ghent'], 4]);
  await served.end();
});

test('without auth it is heard on this machine only', async () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.1', 'example.com']) await expect(serve({ storage: memory() }, { port: 0, host })).rejects.toThrow(RemoteOptionError);
  for (const auth of [{ workers: [] }, { workers: ['short'] }]) await expect(serve({ storage: memory() }, { port: 0, auth })).rejects.toThrow("'auth' of serve()");
});

test('a failing auth function lets nobody in, and tells the keeper of the server', async () => {
  const faults: unknown[] = [];
  const served = await Served.begin({ auth: () => { throw new Error('directory is down'); }, onFault: (error) => faults.push(error) });
  await expect(served.client({ token: TOKEN }).connect()).rejects.toThrow(UnreachableError);
  expect(faults).toEqual([new Error('directory is down')]);
  await served.end();
});

test.each<[unknown, string | undefined]>([
  [undefined, undefined], [null, undefined], [false, undefined],
  ...[true, 0, 7, 7n, '', 'Worker', 'user', [], {}, () => 7, Symbol('user')].map((said): [unknown, string] => [said, 'has said of a token']),
  ...[undefined, null, '7', 7.5, Number.NaN, Infinity, 2 ** 53, 0, -1, 7n, {}, [7]].map((user): [unknown, string] => [{ user, mayWrite: true }, 'has said of a token']),
  ...[null, false, 1, 'city', {}, [1], ['city', undefined], new Set(['city'])].map((mayWrite): [unknown, string] => [{ user: 7, mayWrite }, 'has said of user 7 that he may write']),
])('an auth function that says %p lets nobody in', async (said, told) => {
  const faults: unknown[] = [];
  let asked = 0;
  const views: number[] = [];
  const server = await serve({ storage: memory(), viewOf: (user) => { views.push(user); return Promise.reject(new Error('nobody')); } }, {
    port: 0, onFault: (error) => faults.push(error), auth: () => { asked += 1; return said as Access; }, // as a program in JavaScript may
  });
  const client = remote(server.url, { token: TOKEN });
  await expect(client.connect()).rejects.toThrow(AccessError);
  expect([asked, views, server.stats()]).toEqual([1, [], { connections: 0, transactions: 0, refused: 1 }]);
  expect(faults).toEqual(told === undefined ? [] : [expect.objectContaining({ code: 'REMOTE_OPTION', message: expect.stringContaining(told) as string })]);
  await client.close();
  await server.close();
});

test('pages of the web, other protocols and plain requests are turned away', async () => {
  const served = await Served.begin();
  const address = served.server.url.replace('tcp:', 'ws:');
  const statusOf = (protocol: string, headers: Readonly<Record<string, string>>) => new Promise((resolve) => {
    const socket = new WebSocket(address, [protocol], { headers });
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode);
      socket.terminate();
    });
    socket.on('open', () => {
      resolve('open');
      socket.close();
    });
    socket.on('error', () => undefined);
  });
  expect(await statusOf(SUBPROTOCOL, {})).toBe('open');
  expect(await statusOf(SUBPROTOCOL, { origin: 'http://127.0.0.1' })).toBe(403);
  expect(await statusOf('ormolu.0', {})).toBe(426);
  const plain = await new Promise((resolve) => { request(`http://127.0.0.1:${String(served.server.port)}/`, (response) => { response.resume(); resolve(response.statusCode); }).end(); });
  expect(plain).toBe(426);
  await served.end();
});

test('so many clients and no more', async () => {
  const served = await Served.begin({ limits: { maxConnections: 2 } });
  for (let client = 0; client < 2; client += 1) await served.client().connect();
  await expect(served.client().connect()).rejects.toThrow('it takes no more clients');
  expect(served.server.stats()).toMatchObject({ connections: 2, refused: 1 });
  await served.end();
});

test('however many come at once, no more are let in', async () => {
  const judged: (() => void)[] = [];
  const served = await Served.begin({ limits: { maxConnections: 2 }, auth: async (): Promise<Access> => { await new Promise<void>((resolve) => { judged.push(resolve); }); return 'worker'; } });
  const all = Array.from({ length: 6 }, () => served.client({ token: TOKEN }).connect().then(() => 'in', String));
  for (let tries = 0; tries < 200 && judged.length + served.server.stats().refused < 6; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 5); });
  for (const go of judged) go();
  expect((await Promise.all(all)).filter((one) => one === 'in')).toHaveLength(2);
  expect(served.server.stats()).toEqual({ connections: 2, transactions: 0, refused: 4 });
  await served.end();
});

test('nobody comes in while the server closes', async () => {
  let go: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => { go = resolve; });
  const askings: unknown[] = [];
  const served = await Served.begin({ auth: async (): Promise<Access> => { askings.push(1); await asked; return 'worker'; } });
  const { server } = served;
  const coming = served.client({ token: TOKEN }).connect();
  for (let tries = 0; tries < 200 && askings.length === 0; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 5); });
  const closing = served.stop();
  go();
  await expect(coming).rejects.toThrow(UnreachableError);
  await closing;
  expect(server.stats().connections).toBe(0);
  await served.end();
});

test('those who say nothing are no more than the server can bear, and others are served', async () => {
  const served = await Served.begin({ limits: { maxConnections: 5 } });
  const client = served.client();
  await served.add(client, 'Ghent');
  const silent = Array.from({ length: 150 }, () => connect(served.server.port, '127.0.0.1').on('error', () => undefined));
  let left = 0;
  for (const socket of silent) socket.on('close', () => { left += 1; });
  for (let tries = 0; tries < 300 && left < 46; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
  // 105 in all, one of them the client's.
  expect(left).toBe(46);
  await served.add(client, 'Ypres');
  for (const socket of silent) socket.destroy();
  await served.end();
});

test('a client that is let in, and of whom the server then cannot say what he may see, leaves no connection', async () => {
  const server = await serve({ storage: memory(), viewOf: () => Promise.reject(new Error('no groups today')) }, { port: 0, auth: () => ({ user: 1 }), onFault: () => undefined });
  const client = remote(server.url, { token: TOKEN });
  for (let tries = 0; tries < 3; tries += 1) await expect(client.connect()).rejects.toMatchObject({ code: 'REMOTE_FAULT' });
  expect(server.stats().connections).toBe(0);
  await client.close();
  await server.close();
});

test.each([['http://x:1'], ['tcp://x'], ['tcp://user:secret@x:1'], ['x:1'], [''], [undefined], ['tcp://x:1/path']])('%p is no address', (address) => {
  expect(() => remote(address as string)).toThrow(RemoteOptionError);
  expect(() => remote(address as string)).not.toThrow('secret');
});

test('options that cannot be meant are refused', async () => {
  expect(() => remote('tcp://x:1', { tokens: 'x' } as never)).toThrow("no option 'tokens'");
  expect(() => remote('tcp://x:1', { token: '' })).toThrow('no token');
  expect(() => remote('tcp://x:1', { callTimeout: 0 })).toThrow("'callTimeout' is 0");
  await expect(serve({ storage: memory() }, { ports: 1 } as never)).rejects.toThrow("no option 'ports'");
  await expect(serve({ storage: memory() }, { port: 99_999 })).rejects.toThrow('from 0 to 65535');
  await expect(serve({ storage: memory() }, { limits: { maxTransactions: 0 } })).rejects.toThrow("'maxTransactions'");
});

test('a server that is not there is told of at once', async () => {
  const served = await Served.begin();
  const { url } = served.server;
  await served.stop();
  const started = Date.now();
  await expect(served.client({}, url).connect()).rejects.toThrow(/REMOTE|could not be reached: ECONNREFUSED/);
  expect(Date.now() - started).toBeLessThan(5_000);
  await served.end();
});
