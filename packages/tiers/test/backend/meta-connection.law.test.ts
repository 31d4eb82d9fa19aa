import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { MetaConnection, type MetaReply } from '../../src/backend/memcached/meta-connection';

/** A server that answers what it is told to, cut where it is told to. */
class ScriptedServer {
  readonly #server: Server = createServer((socket) => this.#sockets.push(socket));
  readonly #sockets: Socket[] = [];

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Sends the pieces one by one, each as a packet of its own as far as that is ours to say. */
  async send(pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) {
      this.#sockets[0]?.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  hangUp(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }

  close(): void {
    this.hangUp();
    this.#server.close();
  }
}

const server = new ScriptedServer();
let connection: MetaConnection;

beforeAll(async () => {
  const port = await server.listen();
  await new Promise<void>((resolve) => {
    connection = new MetaConnection({ host: '127.0.0.1', port }, (isUp) => isUp && resolve());
  });
});
afterAll(() => {
  connection.close();
  server.close();
});

const value = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const trap = fc.constantFrom('\r\n', 'VA 5\r\n', 'EN\r\n', 'SERVER_ERROR').map((text) => Buffer.from(text));
const reply = fc.oneof(
  fc.record({ status: fc.constant('VA'), flags: fc.constantFrom('', ' c12'), value: fc.oneof(value, trap) }),
  fc.record({ status: fc.constantFrom('HD', 'EN', 'NS', 'EX', 'NF', 'MN'), flags: fc.constant(''), value: fc.constant(undefined) }),
  fc.record({ status: fc.constant('SERVER_ERROR'), flags: fc.constant(' out of memory'), value: fc.constant(undefined) }),
);

test('law: for all answers, cut at any places, each request gets its own', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(reply, { minLength: 1, maxLength: 8 }), fc.array(fc.nat({ max: 400 }), { maxLength: 6 }), async (replies, cuts) => {
      const sent = Buffer.concat(replies.flatMap((one) => (one.value ? [Buffer.from(`VA ${String(one.value.length)}${one.flags}\r\n`), one.value, Buffer.from('\r\n')] : [Buffer.from(`${one.status}${one.flags}\r\n`)])));
      const places = [...new Set([0, ...cuts.filter((cut) => cut < sent.length), sent.length])].sort((a, b) => a - b);
      const asked = Promise.allSettled(replies.map(() => connection.request('mg k v\r\n')));
      await server.send(places.slice(1).map((end, at) => sent.subarray(places[at], end)));
      const got = await asked;
      expect(got.map((one) => (one.status === 'fulfilled' ? told(one.value) : 'refused'))).toEqual(replies.map((one) => (one.status === 'SERVER_ERROR' ? 'refused' : told(one))));
    }),
    { numRuns: lawRuns(150) },
  );
});

test('law: of requests made in one, each gets its own answer; when one is refused, all are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(reply, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }), fc.nat({ max: 200 }), async (groups, cut) => {
      const sent = Buffer.concat(groups.flat().flatMap((one) => (one.value ? [Buffer.from(`VA ${String(one.value.length)}${one.flags}\r\n`), one.value, Buffer.from('\r\n')] : [Buffer.from(`${one.status}${one.flags}\r\n`)])));
      const asked = Promise.allSettled(groups.map((group) => connection.requestMany(group.map(() => 'mg k v\r\n'))));
      await server.send([sent.subarray(0, cut), sent.subarray(cut)]);
      const got = await asked;
      expect(got.map((one) => (one.status === 'fulfilled' ? one.value.map(told) : 'refused'))).toEqual(groups.map((group) => (group.some(({ status }) => status === 'SERVER_ERROR') ? 'refused' : group.map(told))));
    }),
    { numRuns: lawRuns(100) },
  );
});

test('what is under way when the connection ends fails, what is asked without one fails at once, and it comes back', async () => {
  const asked = connection.request('mg k v\r\n');
  server.hangUp();
  await expect(asked).rejects.toMatchObject({ code: 'TIER_UNAVAILABLE' });
  await expect(connection.request('mg k v\r\n')).rejects.toMatchObject({ code: 'TIER_UNAVAILABLE' });
  while (!connection.isUp) await new Promise((resolve) => setImmediate(resolve));
  const again = connection.request('mg k v\r\n');
  await new Promise((resolve) => setImmediate(resolve));
  await server.send([Buffer.from('EN\r\n')]);
  expect(told(await again)).toEqual(told({ status: 'EN', flags: '', value: undefined }));
});

test('an answer that is none ends the connection, for nobody knows where the next one begins', async () => {
  await server.send([Buffer.from('nonsense\r\n')]);
  while (connection.isUp) await new Promise((resolve) => setImmediate(resolve));
  expect(connection.isUp).toBe(false);
});

function told({ status, flags, value: of }: Pick<MetaReply, 'status' | 'flags' | 'value'>): unknown {
  return [status, /c\d+/.exec(flags)?.[0] ?? '', of?.toString('hex')];
}
