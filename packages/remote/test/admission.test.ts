import type { Duration } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import { memory } from '@ormolu/storage/memory';
import { remote, serve, type Access, type ServeOptions } from '@ormolu/remote';
import fc from 'fast-check';
import { generate } from 'selfsigned';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { Served } from './support/served';

const TOKEN = 'a-secret-of-some-length';
const sockets = new Set<Socket>();
const others: { close(): unknown }[] = [];
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const other of others.splice(0)) other.close();
});

/** Waits for what must come true; says how it stands when it does not. */
async function soon<T>(what: () => T, wanted: T): Promise<void> {
  for (let tries = 0; tries < 2_000 && what() !== wanted; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
  expect(what()).toBe(wanted);
}

/** Those who connect and say as much, which is not enough, and how many of them have been left. */
function silent(port: number, times: number, words = ''): () => number {
  let left = 0;
  for (let time = 0; time < times; time += 1) {
    const socket = connect({ port, host: '127.0.0.1' }).on('error', () => undefined).on('close', () => { left += 1; });
    socket.resume();
    if (words !== '') socket.write(words);
    sockets.add(socket);
  }
  return () => left;
}

test('an auth function that never answers keeps nobody else out, and those of whom it was asked are counted', async () => {
  let asked = 0;
  const auth = (token: string): Promise<Access> => { asked += 1; return token === TOKEN ? Promise.resolve('worker') : new Promise(() => undefined); };
  const served = await Served.begin({ auth, limits: { maxConnections: 2, admissionTimeout: '2s' } });
  for (let round = 1; round <= 3; round += 1) {
    await Promise.all([0, 1].map(() => expect(served.client({ token: 'never-answered-at-all' }).connect()).rejects.toMatchObject({ code: 'REMOTE_UNREACHABLE' })));
    await soon(() => served.server.stats().refused, 2 * round);
    expect([asked, served.server.stats().connections]).toEqual([2 * round, 0]);
  }
  await served.add(served.client({ token: TOKEN }), 'Ghent');
  await served.end();
});

test('strangers who say nothing do not keep out who comes behind them', async () => {
  const served = await Served.begin({ limits: { maxConnections: 5, admissionTimeout: '1h' } });
  const batches: (() => number)[] = [];
  const left = (): number => batches.reduce((sum, one) => sum + one(), 0);
  // Fewer at once than any system keeps waiting to be accepted.
  for (let batch = 1; batch <= 6; batch += 1) {
    batches.push(silent(served.server.port, 50));
    await soon(left, Math.max(0, 50 * batch - 105));
  }
  await served.add(served.client(), 'Ghent');
  await soon(left, 196);
  expect(await served.names()).toEqual(['Ghent']);
  await served.end();
});

test('who has said who he is and waits for what auth says of him makes room for none of those who have said nothing', async () => {
  let answer: (access: Access) => void = () => undefined;
  let asked = 0;
  const said = new Promise<Access>((resolve) => { answer = resolve; });
  const served = await Served.begin({ auth: () => { asked += 1; return said; }, limits: { maxConnections: 5, admissionTimeout: '1h' } });
  const adding = served.add(served.client({ token: TOKEN }), 'Ghent');
  await soon(() => asked, 1);
  const batches: (() => number)[] = [];
  for (let batch = 1; batch <= 4; batch += 1) {
    batches.push(silent(served.server.port, 50));
    await soon(() => batches.reduce((sum, one) => sum + one(), 0), Math.max(0, 50 * batch - 105));
  }
  answer('worker');
  await adding;
  expect(await served.names()).toEqual(['Ghent']);
  await served.end();
});

test('of whom the connections are ended while he comes in auth is asked once more', async () => {
  const answers: ((access: Access | undefined) => void)[] = [];
  const served = await Served.begin({ auth: () => new Promise((resolve) => { answers.push(resolve); }) });
  const [gone, kept] = [served.client({ token: TOKEN }), served.client({ token: TOKEN })];
  const [going, keeping] = [expect(gone.connect()).rejects.toMatchObject({ code: 'REMOTE_ACCESS' }), kept.connect()];
  await soon(() => answers.length, 2);
  // It has looked the tokens up, and not said so yet.
  expect([await served.server.disconnect(7), await served.server.disconnect('worker')]).toEqual([0, 0]);
  for (const answer of answers.splice(0)) answer('worker');
  await soon(() => answers.length, 2);
  expect(served.server.stats().connections).toBe(0);
  const [first, second] = answers;
  first?.(undefined);
  second?.('worker');
  await Promise.race([going, keeping]);
  await soon(() => [served.server.stats().connections, served.server.stats().refused].join(), '1,1');
  await Promise.allSettled([going, keeping]);
  await gone.close();
  await kept.close();
  await served.end();
});

test.each<[string, string, boolean]>([['nothing', '', false], ['half a question', 'GET / HTTP/1.1\r\nhost: x\r\n', false], ['nothing, where connections are encrypted', '', true], ['half a greeting of TLS', '\x16\x03\x01\x02\x00\x01', true]])('who says %s is left after a while', async (_, words, isSecret) => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec', extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }] });
  const served = await Served.begin({ limits: { admissionTimeout: '3s' }, ...isSecret && { tls: { key, cert } } });
  const left = silent(served.server.port, 20, words);
  await served.add(served.client(isSecret ? { tls: { ca: cert } } : {}), 'Ghent');
  await soon(left, 20);
  expect(served.server.stats()).toMatchObject({ connections: 1 });
  await served.end();
});

/** Listens on loopback until the test ends. @returns its port */
async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  others.push(server);
  return (server.address() as AddressInfo).port; // it listens on a port
}

test('a server that accepts and says nothing is told of as one that does not answer', async () => {
  const port = await listening(createServer((socket) => { sockets.add(socket.on('error', () => undefined)); }));
  const client = remote(`tcp://127.0.0.1:${String(port)}`, { connectTimeout: '200ms' });
  await expect(client.connect()).rejects.toThrow('could not be reached: no answer within 200 ms');
  await client.close();
});

test.each<[string, string, () => Promise<number>]>([
  ['a server of another version', 'does not speak this version', () => listening(createHttpServer().on('upgrade', (_request, socket) => { socket.end('HTTP/1.1 426 Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'); }))],
  ['a server of something else', 'answered with HTTP status 200', () => listening(createHttpServer((_request, response) => { response.end('hello'); }))],
  ['a WebSocket server of something else', 'does not speak this version', async () => {
    const http = createHttpServer();
    others.push(new WebSocketServer({ server: http, handleProtocols: () => false }));
    return listening(http);
  }],
])('%s is told of as that, with what to do', async (_, what, start) => {
  const client = remote(`tcp://127.0.0.1:${String(await start())}`, { token: TOKEN });
  const refused = client.connect();
  await expect(refused).rejects.toMatchObject({ code: 'REMOTE_PROTOCOL' });
  await expect(refused).rejects.toThrow(what);
  await expect(refused).rejects.toThrow(/Use the same version of @ormolu\/remote on both sides, or the address of a server of Ormolu\.$/);
  await expect(refused).rejects.not.toThrow(TOKEN);
  await client.close();
});

test('law: whatever duration a limit is, the server begins', async () => {
  const duration = fc.oneof(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.double({ min: 0.001, max: 10_000, noNaN: true }), fc.integer({ min: 1, max: 1_000 }).map((ms): Duration => `${ms}ms`));
  await fc.assert(fc.asyncProperty(duration, duration, duration, duration, async (admissionTimeout, keepAlive, idleTimeout, waitTimeout) => {
    await (await serve({ storage: memory() }, { port: 0, limits: { admissionTimeout, keepAlive, idleTimeout, waitTimeout } })).close();
  }), { numRuns: lawRuns(5) });
});

test('a database that could not be served does not believe that it is', async () => {
  const port = await listening(createServer());
  let began = 0;
  const served = { storage: memory(), beginServing: () => { began += 1; } };
  await expect(serve(served, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  expect(began).toBe(0);
  await (await serve(served, { port: 0 })).close();
  expect(began).toBe(1);
});

test.each<[string, ServeOptions['limits']]>([['4 GiB', { maxMessageBytes: 2 ** 32 }], ['3 GiB', { maxMessageBytes: 3 * 2 ** 30 }]])('messages of %s are no limit, and refused', async (_, limits) => {
  await expect(serve({ storage: memory() }, { port: 0, limits })).rejects.toThrow('no more than 1 GiB');
  expect(() => remote('tcp://127.0.0.1:1', { maxMessageBytes: limits?.maxMessageBytes })).toThrow("'maxMessageBytes' of remote()");
});
