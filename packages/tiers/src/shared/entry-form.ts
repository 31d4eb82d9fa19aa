import { types } from 'node:util';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { KeyRing } from './key-ring';
import { deserialised, deserialisedIn, type Serializer } from './serializers';

/** What is written under a key of a cache server. */
export interface SharedEntry {
  /** `absent`: a loader found nothing. `lease`: somebody is loading it. `failure`: a loader failed. `nothing`: as good as no entry. `bytes`: of the shared rung. */
  readonly kind: EntryKind;
  /** By the calendar: when it was written, or its loader was called. */
  readonly readAtMs: number;
  /** 0: for ever. */
  readonly ttlMs: number;
  /** It expires when the server says so. */
  readonly isSliding: boolean;
  /** That of the whole cache when it was read. */
  readonly mark: string;
  /** Its tags, each with the mark the tag had. */
  readonly tags: ReadonlyMap<string, string>;
  /** Of a value: the value. Of a lease: whose. Of a failure: its message. Of bytes: these. */
  readonly value: unknown;
}

export type EntryKind = 'value' | 'absent' | 'lease' | 'failure' | 'nothing' | 'bytes';

/** What is the same for all entries of a cache. */
export interface EntryFormOptions {
  readonly serialise: Serializer;
  /** Values of more bytes are compressed; Infinity never does. */
  readonly compressAbove: number;
  /** Larger entries are refused. */
  readonly maxBytes: number;
}

/** With what an entry is sealed, and under which key of the server: it is an entry nowhere else. */
export interface Seal {
  readonly ring: KeyRing;
  readonly name: string;
}

/** An entry that is not written, and why. */
export class UnfitError extends Error {
  readonly reason: 'too large' | 'no data';

  constructor(reason: UnfitError['reason'], cause?: unknown) {
    super(reason, { cause });
    this.reason = reason;
  }
}

const VERSION = 2;
const KINDS: readonly EntryKind[] = ['value', 'absent', 'lease', 'failure', 'nothing', 'bytes'];
const MARK_BYTES = 8;
/** version, kind, form, number of tags, read at, ttl, mark */
const HEAD_BYTES = 4 + 8 + 8 + MARK_BYTES;
const MARK_AT = HEAD_BYTES - MARK_BYTES;
const SUM_BYTES = 4;
/** What the sum of bytes is that end with their own sum, the least significant byte first: one look over the whole tells. */
const SUM_OF_WHOLE = 0x2144df1c;
const FORM_BITS = 0b111;
const COMPRESSED = 0b1000;
const SLIDING = 0b1_0000;
const SEALED = 0b10_0000;
/** What a loader gave, or said when it failed. Leases tell nothing, and records and answers are sealed before they become entries. */
const SEALABLE: ReadonlySet<EntryKind> = new Set(['value', 'absent', 'failure']);
const FASTEST = 1;
/** Their number has one byte, the length of each two. */
const MOST_TAGS = 0xff;
const LONGEST_TAG = 0xffff;
/** What is unpacked may be so much longer than what was: a few bytes must not become all memory. */
const MOST_UNPACKED = 256 * 1024 * 1024;

/** Marks are eight bytes as a text of latin1. */
export function isMark(text: string): boolean {
  return text.length === MARK_BYTES;
}

/**
 * @param seal - undefined: it lies open
 * @throws {UnfitError} for a value that is no data, or too large; for more than 255 tags, or one of more than 65,535 bytes
 */
export function entryToBytes(entry: SharedEntry, { serialise, compressAbove, maxBytes }: EntryFormOptions, seal?: Seal): Buffer {
  const isSealed = seal !== undefined && SEALABLE.has(entry.kind);
  let flags = (entry.isSliding ? SLIDING : 0) | (isSealed ? SEALED : 0);
  let payload: Uint8Array = Buffer.alloc(0);
  if (entry.kind === 'value') {
    try {
      const { bytes, form } = serialise(entry.value);
      payload = bytes;
      flags |= form;
    } catch (cause) {
      throw new UnfitError('no data', cause);
    }
    if (payload.byteLength > compressAbove) {
      const packed = deflateRawSync(payload, { level: FASTEST });
      if (packed.byteLength < payload.byteLength) {
        payload = packed;
        flags |= COMPRESSED;
      }
    }
  } else if (types.isUint8Array(entry.value)) payload = entry.value;
  else if (typeof entry.value === 'string') payload = Buffer.from(entry.value, 'utf8');
  if (entry.tags.size > MOST_TAGS) throw new UnfitError('too large');
  const tags = [...entry.tags].map(([tag, mark]) => {
    const name = Buffer.from(tag, 'utf8');
    if (name.length > LONGEST_TAG) throw new UnfitError('too large');
    const one = Buffer.allocUnsafe(2 + name.length + MARK_BYTES);
    one.writeUInt16BE(name.length, 0);
    name.copy(one, 2);
    one.write(mark, 2 + name.length, 'latin1');
    return one;
  });
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(VERSION, 0);
  head.writeUInt8(KINDS.indexOf(entry.kind), 1);
  head.writeUInt8(flags, 2);
  head.writeUInt8(tags.length, 3);
  head.writeDoubleBE(entry.readAtMs, 4);
  head.writeDoubleBE(entry.ttlMs, 12);
  head.write(entry.mark, MARK_AT, 'latin1');
  const whole = Buffer.concat([head, ...tags, isSealed ? seal.ring.seal(payload, aboutOf([head, ...tags], seal)) : payload, NO_SUM]);
  if (whole.length > maxBytes) throw new UnfitError('too large');
  whole.writeUInt32LE(crc32(whole.subarray(0, -SUM_BYTES)), whole.length - SUM_BYTES);
  return whole;
}

/**
 * @param mark - the one it is expected to have: those that have it share the text
 * @param seal - with what it must have been sealed; undefined: it must lie open
 * @returns undefined for what was cut off, changed or written by something else
 */
export function entryFromBytes(bytes: Uint8Array, mark = '', seal?: Seal): SharedEntry | undefined {
  const whole = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = whole.length - SUM_BYTES;
  if (end < HEAD_BYTES || whole[0] !== VERSION) return undefined;
  const kind = KINDS[whole[1] ?? 255];
  if (kind === undefined || crc32(whole) !== SUM_OF_WHOLE) return undefined;
  const flags = whole[2] ?? 0;
  const { tags, from } = tagsIn(whole, end);
  // What lies open where entries are sealed may be anybody's.
  if (tags === undefined || ((flags & SEALED) !== 0) !== (seal !== undefined && SEALABLE.has(kind))) return undefined;
  const payload = seal && (flags & SEALED) !== 0 ? opened(whole, { from, end, seal }) : { whole, from, end };
  if (!payload) return undefined;
  try {
    return {
      kind, tags, value: valueOf(kind, payload, flags), readAtMs: whole.readDoubleBE(4), ttlMs: whole.readDoubleBE(12), isSliding: (flags & SLIDING) !== 0,
      mark: hasMark(whole, mark) ? mark : whole.toString('latin1', MARK_AT, HEAD_BYTES),
    };
  } catch {
    return undefined;
  }
}

/** Some of the bytes, by places: the usual case makes no view of them. */
interface Stretch {
  readonly whole: Buffer;
  readonly from: number;
  readonly end: number;
}

/** Without the seal. @returns undefined for what was sealed by none of the keys, changed, or put in another place */
function opened(whole: Buffer, { from, end, seal }: { readonly from: number; readonly end: number; readonly seal: Seal }): Stretch | undefined {
  const open = seal.ring.open(whole.subarray(from, end), aboutOf([whole.subarray(0, from)], seal));
  return open && { whole: open, from: 0, end: open.length };
}

/** All that stands before the payload, tags with their marks among it, and where it stands. */
function aboutOf(before: readonly Buffer[], { name }: Seal): Buffer {
  return Buffer.concat([...before, Buffer.from(name, 'utf8')]);
}

function hasMark(whole: Buffer, mark: string): boolean {
  if (mark.length !== MARK_BYTES) return false;
  for (let place = 0; place < MARK_BYTES; place += 1) if (whole[MARK_AT + place] !== mark.charCodeAt(place)) return false;
  return true;
}

/** Most entries have none. @returns no tags for what is no list of them, and where they end */
function tagsIn(whole: Buffer, end: number): { readonly tags: ReadonlyMap<string, string> | undefined; readonly from: number } {
  const count = whole[3] ?? 0;
  if (count === 0) return UNTAGGED;
  const tags = new Map<string, string>();
  let from = HEAD_BYTES;
  for (let left = count; left > 0; left -= 1) {
    const next = from + 2 <= end ? from + 2 + whole.readUInt16BE(from) : end;
    if (next + MARK_BYTES > end) return { tags: undefined, from };
    tags.set(whole.toString('utf8', from + 2, next), whole.toString('latin1', next, next + MARK_BYTES));
    from = next + MARK_BYTES;
  }
  return { tags, from };
}

function valueOf(kind: EntryKind, { whole, from, end }: Stretch, flags: number): unknown {
  if (kind === 'bytes') return whole.subarray(from, end);
  if (kind !== 'value') return whole.toString('utf8', from, end);
  const form = flags & FORM_BITS;
  return (flags & COMPRESSED) === 0 ? deserialisedIn(whole, { from, end, form }) : deserialised(inflateRawSync(whole.subarray(from, end), { maxOutputLength: MOST_UNPACKED }), form);
}

const NO_SUM = Buffer.alloc(SUM_BYTES);
const UNTAGGED = { tags: new Map<string, string>(), from: HEAD_BYTES };
