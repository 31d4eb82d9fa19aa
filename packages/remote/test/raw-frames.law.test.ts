import { lawRuns } from '@ormolu/test-support';
import fc from 'fast-check';
import { connect, type Socket } from 'node:net';
import { encode } from '../src/codec';
import { SUBPROTOCOL } from '../src/protocol';
import { Served } from './support/served';

let served: Served;
const faults: unknown[] = [];
beforeAll(async () => {
  served = await Served.begin({ onFault: (error) => faults.push(error), limits: { maxMessageBytes: 10_000, admissionTimeout: '5s' } });
  await served.add(served.client(), 'Ghent');
});
afterAll(async () => { await served.end(); });

/** Says so many bytes, in pieces, and waits until the server has closed, or has said something. */
async function say(pieces: readonly Uint8Array[]): Promise<void> {
  const socket: Socket = connect({ port: served.server.port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    socket.once('close', () => { resolve(); }).on('end', () => { resolve(); });
    for (const piece of pieces) socket.write(piece);
    socket.end();
    socket.resume();
  });
  socket.destroy();
}

const headers: readonly string[] = ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`];
const GREETING = Buffer.from(`GET / HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);

interface Frame { readonly fin: boolean; readonly reserved: number; readonly opcode: number; readonly isMasked: boolean; readonly promised: number; readonly form: number; readonly payload: Uint8Array }
/** A frame, with what it says of itself, which need not be so. @param form - how its length is written */
function frame({ fin, reserved, opcode, isMasked, promised, form, payload }: Frame): Buffer {
  const length = payload.length + promised;
  const size = form === 2 ? Buffer.alloc(9) : form === 1 || length > 125 ? Buffer.alloc(3) : Buffer.from([length]);
  if (form === 2) {
    size[0] = 127;
    size.writeBigUInt64BE(promised < 0 ? 2n ** 63n + 7n : BigInt(length), 1);
  } else if (size.length === 3) {
    size[0] = 126;
    size.writeUInt16BE(Math.max(0, length) % 65_536, 1);
  }
  size[0] = (size[0] ?? 0) | (isMasked ? 0x80 : 0);
  const mask = [1, 2, 3, 4];
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | (reserved << 4) | opcode]), size, ...isMasked ? [Buffer.from(mask)] : [], Buffer.from(payload).map((byte, at) => (isMasked ? byte ^ (mask[at % 4] ?? 0) : byte))]);
}

const mostly = (value: boolean): fc.Arbitrary<boolean> => fc.oneof({ weight: 5, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.constant(!value) });
const mostlyNone = (other: fc.Arbitrary<number>): fc.Arbitrary<number> => fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: other });
const payload = fc.oneof(fc.constantFrom(encode([1, 'hello', 0, null]), encode([2, 'commit', 1, null])), fc.uint8Array({ maxLength: 200 }));
const frames = fc.array(fc.record({
  fin: mostly(true), reserved: mostlyNone(fc.integer({ min: 1, max: 7 })), opcode: fc.oneof(fc.constantFrom(0, 1, 2, 2, 2, 8, 9, 10), fc.integer({ min: 0, max: 15 })),
  isMasked: mostly(true), promised: mostlyNone(fc.constantFrom(-3, 1, 5_000, 20_000, 2 ** 40)), form: fc.integer({ min: 0, max: 2 }), payload,
}).map((given) => frame({ ...given, form: given.promised === 2 ** 40 ? 2 : given.form })), { minLength: 1, maxLength: 8 }).map((all) => Buffer.concat(all));
/** Cut anywhere. */
const cut = (bytes: fc.Arbitrary<Buffer>): fc.Arbitrary<readonly Buffer[]> => fc.tuple(bytes, fc.nat()).map(([all, at]) => [all.subarray(0, at % (all.length + 1)), all.subarray(at % (all.length + 1))]);

test('law: whatever frames come, with whatever masks, kinds, parts and lengths, they change nothing and end nobody but their sender', async () => {
  await fc.assert(fc.asyncProperty(cut(frames.map((all) => Buffer.concat([GREETING, all]))), (pieces) => say(pieces)), { numRuns: lawRuns(400) });
});

test('law: so does whatever comes in the place of a question of HTTP', async () => {
  const line = fc.oneof(fc.constantFrom(...headers), fc.constantFrom('Content-Length: 10', 'Content-Length: -1', 'Transfer-Encoding: chunked', 'Expect: 100-continue', 'Sec-WebSocket-Extensions: permessage-deflate', 'Authorization: Bearer', 'Host: \0'), fc.string({ maxLength: 60 }));
  const first = fc.constantFrom('GET / HTTP/1.1', 'GET / HTTP/1.0', 'POST / HTTP/1.1', 'CONNECT x:1 HTTP/1.1', 'GET /%00 HTTP/1.1', 'PRI * HTTP/2.0', '\x16\x03\x01', '');
  const question = fc.tuple(first, fc.array(line, { maxLength: 12 }), fc.uint8Array({ maxLength: 50 })).map(([head, lines, rest]) => Buffer.concat([Buffer.from(`${[head, ...lines].join('\r\n')}\r\n\r\n`), rest]));
  await fc.assert(fc.asyncProperty(cut(question), (pieces) => say(pieces)), { numRuns: lawRuns(300) });
});

afterEach(async () => {
  await served.add(served.client(), 'Ypres');
  expect(new Set(await served.names())).toEqual(new Set(['Ghent', 'Ypres']));
  for (let tries = 0; tries < 500 && served.server.stats().transactions > 0; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
  expect([served.server.stats().transactions, faults]).toEqual([0, []]);
});
