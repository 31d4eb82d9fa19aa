import { connect, type Socket } from 'node:net';
import { memory } from '@ormolu/storage/memory';
import { serve, type Access, type RemoteServer } from '@ormolu/remote';
import { generate } from 'selfsigned';
import { SUBPROTOCOL } from '../src/protocol';
import { Served } from './support/served';

const TOKEN = 'a-secret-of-some-length';
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

/** Says who it is, or nothing, and keeps its side open whatever comes. */
function stubborn(port: number, token?: string): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  sockets.add(socket);
  if (token !== undefined) {
    socket.write(`GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: ${SUBPROTOCOL}\r\nauthorization: Bearer ${token}\r\n\r\n`);
  }
  return socket;
}

/** Waits for what must come true; says how it stands when it does not. */
async function soon<T>(what: () => T, wanted: T): Promise<void> {
  for (let tries = 0; tries < 500 && what() !== wanted; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
  expect(what()).toBe(wanted);
}

/** Whether a server has closed, as far as anybody can wait for it. */
async function closes(server: RemoteServer): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const given = new Promise<boolean>((resolve) => { timer = setTimeout(() => { resolve(false); }, 5_000); });
  const closed = await Promise.race([server.close().then(() => true), given]);
  clearTimeout(timer);
  return closed;
}

test('those who are turned away and keep their sides open keep nobody out, and the server closes', async () => {
  const served = await Served.begin({ auth: { workers: [TOKEN] }, limits: { maxConnections: 5 } });
  // As many as are heard at all: 105.
  for (let round = 0; round < 3; round += 1) {
    for (let stranger = 0; stranger < 50; stranger += 1) stubborn(served.server.port, 'a-secret-that-is-wrong');
    await soon(() => served.server.stats().refused, (round + 1) * 50);
  }
  await served.add(served.client({ token: TOKEN }), 'Ghent');
  expect(await served.names()).toEqual(['Ghent']);
  stubborn(served.server.port, 'a-secret-that-is-wrong');
  await soon(() => served.server.stats().refused, 151);
  expect(await closes(served.server)).toBe(true);
  await served.end();
});

test('who is turned away hears why before the connection ends', async () => {
  const served = await Served.begin({ auth: { workers: [TOKEN] } });
  const socket = stubborn(served.server.port, 'a-secret-that-is-wrong');
  let said = '';
  socket.on('data', (bytes) => (said += bytes.toString()));
  await new Promise((resolve) => { socket.once('end', resolve); });
  expect(said).toMatch(/^HTTP\/1.1 401 /);
  await served.end();
});

test('those of whom nobody has said yet who they are do not keep the server from closing', async () => {
  let asked = 0;
  const server = await serve({ storage: memory() }, { port: 0, auth: (): Promise<Access> => { asked += 1; return new Promise(() => undefined); } });
  stubborn(server.port, TOKEN);
  stubborn(server.port);
  await soon(() => asked, 1);
  expect(await closes(server)).toBe(true);
});

test('nor do those who are in the middle of a handshake', async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
  const server = await serve({ storage: memory() }, { port: 0, tls: { key, cert } });
  await new Promise((resolve) => { stubborn(server.port).once('connect', resolve); });
  expect(await closes(server)).toBe(true);
});
