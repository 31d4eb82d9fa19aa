import { Decoder, Encoder, ExtensionCodec } from '@msgpack/msgpack';
import { SameValue } from '@ormolu/kernel';
import { assertBounded, DEEPEST } from './bounded-message';

/** What MessagePack has no form for, by the number of its extension. */
const SAME_VALUE = 1;
const NEGATIVE_ZERO = 2;
const WIDE_INTEGER = 3;
const NO_DATE = 4;
const NO_VALUE = 5;
const PAIRS = 6;

/** Their bytes are values in turn. */
const NESTING: ReadonlySet<number> = new Set([SAME_VALUE, PAIRS]);

/** Wider than any number that is kept anywhere; longer ones would take whoever reads them minutes. */
const MOST_DIGITS = 10_000;

/** Stands for a value by its extension alone. */
class StandIn {
  readonly type: number;

  constructor(type: number) {
    this.type = type;
  }
}

/** An object with a key that means something to prototypes, as a list of its keys and values. */
class Pairs {
  readonly list: readonly (readonly [string, unknown])[];

  constructor(object: object) {
    this.list = Object.entries(object);
  }
}

class WideInteger {
  readonly digits: string;

  constructor(value: bigint) {
    this.digits = value.toString();
    if (this.digits.length > MOST_DIGITS) throw new Error(`A number has more than ${String(MOST_DIGITS)} digits, too many to be sent.`);
  }
}

const NOUGHT = new StandIn(NEGATIVE_ZERO);
const NEVER = new StandIn(NO_DATE);
const NOTHING = new StandIn(NO_VALUE);
/** What a function or a symbol comes out as: nothing that anybody stores, so that whoever looks at it refuses it by the name of its field. */
const UNSPEAKABLE = Symbol('a value that cannot be sent');
const LEAST = -(2n ** 63n);
const GREATEST = 2n ** 63n - 1n;

const extensionCodec = new ExtensionCodec();
extensionCodec.register({
  type: SAME_VALUE,
  encode: (object) => (object instanceof SameValue ? encode(object.value) : null),
  decode: (bytes) => new SameValue(read(bytes)),
});
for (const [type, value] of [[NEGATIVE_ZERO, () => -0], [NO_DATE, () => new Date(Number.NaN)], [NO_VALUE, () => UNSPEAKABLE]] as const) {
  extensionCodec.register({ type, encode: (object) => (object instanceof StandIn && object.type === type ? new Uint8Array(0) : null), decode: value });
}
extensionCodec.register({
  type: PAIRS,
  encode: (object) => (object instanceof Pairs ? encode(object.list) : null),
  // As own keys, whatever their names: assigning would reach the prototype.
  decode: (bytes) => Object.fromEntries(read(bytes) as readonly (readonly [string, unknown])[]),
});
extensionCodec.register({
  type: WIDE_INTEGER,
  encode: (object) => (object instanceof WideInteger ? new TextEncoder().encode(object.digits) : null),
  decode: (bytes) => {
    if (bytes.length > MOST_DIGITS) throw new Error('a number of too many digits');
    return BigInt(new TextDecoder().decode(bytes));
  },
});

/** A message that is longer than it may be: it was not made. */
export class TooLongMessage extends Error {
  override readonly name = 'TooLongMessage';
}

/** How many bytes a message may have still, as far as that can be told before it is made: some values take more than they are counted for, none takes less. */
interface Room {
  bytes: number;
}

/**
 * A message as bytes: MessagePack, in which every value that crosses the `Session` contract comes out as it went in: bigints of any size,
 * bytes, dates (invalid ones too), `-0`, NaN and the infinities. `undefined` in an object is left out, in a list it becomes `null`.
 * @param most - bytes: a longer one is not made
 * @throws {Error} for what is nested more than 600 deep, and for numbers of more than 10,000 digits
 * @throws {TooLongMessage}
 */
export function encode(value: unknown, most: number = Infinity): Uint8Array {
  const bytes = new Encoder({ extensionCodec, useBigInt64: true, ignoreUndefined: true, maxDepth: DEEPEST }).encode(exact(value, { bytes: most }));
  if (bytes.length > most) throw new TooLongMessage();
  return bytes;
}

/**
 * Reads a message. What it may hold is bounded by what has arrived: a few bytes cannot ask for gigabytes of memory, nor for minutes.
 * @throws {Error} when it is none
 */
export function decode(bytes: Uint8Array): unknown {
  assertBounded(bytes, NESTING);
  return read(bytes);
}

function read(bytes: Uint8Array): unknown {
  const { length } = bytes;
  // Parts of a Buffer would come out as Buffers.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, length);
  return new Decoder({
    extensionCodec, useBigInt64: true, maxArrayLength: length, maxMapLength: length, maxStrLength: length, maxBinLength: length, maxExtLength: length,
  }).decode(plain);
}

/** The same value, with stand-ins for the numbers that would be written as others; copied only where there are any. @throws {TooLongMessage} as soon as there is no room for the rest */
function exact(value: unknown, room: Room): unknown {
  room.bytes -= leastBytesOf(value);
  if (room.bytes < 0) throw new TooLongMessage();
  switch (typeof value) {
    case 'number':
      return value === 0 && Object.is(value, -0) ? NOUGHT : value;
    case 'bigint':
      return value < LEAST || value > GREATEST ? new WideInteger(value) : value;
    case 'object':
      if (value === null || ArrayBuffer.isView(value) || value instanceof SameValue) return value;
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? NEVER : value;
      return Array.isArray(value) ? exactList(value, room) : exactObject(value, room);
    case 'function':
    case 'symbol':
      return NOTHING;
    default:
      return value;
  }
}

/** What a value takes at least, without what it holds. */
function leastBytesOf(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return 1 + value.length;
    case 'number':
      return Number.isInteger(value) ? (value >= -32 && value < 128 ? 1 : 2) : 9;
    case 'object':
      return ArrayBuffer.isView(value) ? 2 + value.byteLength : 1;
    default:
      return 1;
  }
}

function exactList(list: readonly unknown[], room: Room): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let at = 0; at < list.length; at += 1) {
    const value = list[at];
    const written = exact(value, room);
    if (!Object.is(written, value)) (copy ??= [...list])[at] = written;
  }
  return copy ?? list;
}

function exactObject(object: object, room: Room): object {
  if (Object.hasOwn(object, '__proto__')) return new Pairs(object);
  let copy: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(object)) {
    // What is left out takes nothing.
    if (value !== undefined) room.bytes -= 1 + name.length;
    const written: unknown = value === undefined ? value : exact(value, room);
    if (!Object.is(written, value)) (copy ??= { ...object })[name] = written;
  }
  return copy ?? object;
}
