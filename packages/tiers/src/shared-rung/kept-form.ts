import { createHash } from 'node:crypto';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { formatSnapshot, parseSnapshot, withOwn, type EntryStamp, type Snapshot } from '@ormolu/kernel';
import type { KeyRing } from '../shared/key-ring';

/** What an entry is about: a record, that there is none, or the answer to a question. */
export type KeptKind = 'record' | 'absent' | 'answer';

/** What is written under a key of the shared rung. */
export interface ToWrite {
  /** Under which it will stand: it is an entry nowhere else. */
  readonly key: string;
  readonly kind: KeptKind;
  readonly stamp: EntryStamp;
  /** Of records: that of the codec. */
  readonly mark: number;
  /** How the payload is to be read, 0 to 7. */
  readonly form: number;
  /** Of records: a bit a column. */
  readonly columns: Uint8Array;
  readonly payload: Uint8Array;
}

/** An entry as far as it is read without its payload. */
export interface Kept {
  readonly kind: KeptKind;
  readonly mark: number;
  readonly form: number;
  readonly snapshot: Snapshot;
  /** That of its epoch. */
  readonly epoch: Buffer;
  readonly columns: Uint8Array;
  /** @returns undefined for what was sealed otherwise or changed. @throws {Error} for what cannot be unpacked */
  payload(): Buffer | undefined;
}

/** How entries are written. */
export interface KeptFormOptions {
  /** Payloads of more bytes are deflated; Infinity: none is. */
  readonly compressAbove: number;
  /** Seals payloads, and tells that of the rest nothing was changed; undefined: they lie open. */
  readonly ring: KeyRing | undefined;
}

const VERSION = 1;
const KINDS: readonly KeptKind[] = ['record', 'absent', 'answer'];
const COMPRESSED = 0b0010_0000;
const SEALED = 0b0100_0000;
const EPOCH_BYTES = 8;
const EPOCH_AT = 3;
const KEY_AT = EPOCH_AT + EPOCH_BYTES;
/** version, kind with form and flags, mark, epoch, sum of the key, width of the columns, length of the snapshot */
const HEAD_BYTES = KEY_AT + 4 + 1 + 2;
const FASTEST = 1;
/** A few bytes must not become all memory. */
const MOST_UNPACKED = 64 * 1024 * 1024;

/** Eight bytes that stand for an epoch. */
export function epochBytes(epoch: string): Buffer {
  let bytes = epochs.get(epoch);
  if (!bytes) epochs.set(epoch, (bytes = createHash('sha256').update(epoch).digest().subarray(0, EPOCH_BYTES)));
  return bytes;
}

const epochs = new Map<string, Buffer>();

/** An entry as bytes. */
export function keptToBytes({ key, kind, stamp, mark, form, columns, payload }: ToWrite, { compressAbove, ring }: KeptFormOptions): Buffer {
  const snapshot = snapshotText(stamp.snapshot);
  const packed = payload.byteLength > compressAbove ? deflateRawSync(payload, { level: FASTEST }) : payload;
  const isSmaller = packed.byteLength < payload.byteLength;
  const head = Buffer.alloc(HEAD_BYTES + columns.byteLength + snapshot.length);
  head[0] = VERSION;
  head[1] = KINDS.indexOf(kind) | (form << 2) | (isSmaller ? COMPRESSED : 0) | (ring ? SEALED : 0);
  head[2] = mark;
  epochBytes(stamp.epoch).copy(head, EPOCH_AT);
  head.writeUInt32BE(crc32(key), KEY_AT);
  head[KEY_AT + 4] = columns.byteLength;
  head.writeUInt16BE(snapshot.length, KEY_AT + 5);
  head.set(columns, HEAD_BYTES);
  head.write(snapshot, HEAD_BYTES + columns.byteLength, 'latin1');
  const body = isSmaller ? packed : payload;
  return Buffer.concat([head, ring ? ring.seal(body, aboutOf(head, key)) : body]);
}

/** @returns undefined for what is no entry, or that of another key */
export function keptFromBytes(bytes: Uint8Array, key: string, ring: KeyRing | undefined): Kept | undefined {
  const whole = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (whole.length < HEAD_BYTES || whole[0] !== VERSION || whole.readUInt32BE(KEY_AT) !== crc32(key)) return undefined;
  const flags = whole[1] ?? 0;
  const kind = KINDS[flags & 0b11];
  const columnsEnd = HEAD_BYTES + (whole[KEY_AT + 4] ?? 0);
  const headEnd = columnsEnd + whole.readUInt16BE(KEY_AT + 5);
  const isSealed = (flags & SEALED) !== 0;
  // What lies open where entries are sealed may be anybody's.
  if (kind === undefined || headEnd > whole.length || isSealed !== (ring !== undefined)) return undefined;
  const snapshot = snapshotOf(whole.toString('latin1', columnsEnd, headEnd));
  if (!snapshot) return undefined;
  return {
    kind, snapshot, mark: whole[2] ?? 0, form: (flags >> 2) & 0b111,
    epoch: whole.subarray(EPOCH_AT, EPOCH_AT + EPOCH_BYTES), columns: whole.subarray(HEAD_BYTES, columnsEnd),
    payload: () => {
      const body = ring ? ring.open(whole.subarray(headEnd), aboutOf(whole.subarray(0, headEnd), key)) : whole.subarray(headEnd);
      return body && (flags & COMPRESSED) !== 0 ? inflateRawSync(body, { maxOutputLength: MOST_UNPACKED }) : body;
    },
  };
}

function aboutOf(head: Buffer, key: string): Buffer {
  return Buffer.concat([head, Buffer.from(key, 'utf8')]);
}

function snapshotText(snapshot: Snapshot): string {
  const text = formatSnapshot(snapshot);
  return snapshot.own === undefined ? text : `${text}+${String(snapshot.own)}`;
}

/** What is read together was mostly written together. */
const MOST_SNAPSHOTS = 200;
const snapshots = new Map<string, Snapshot>();

function snapshotOf(text: string): Snapshot | undefined {
  const known = snapshots.get(text);
  if (known) return known;
  const [of = '', own, ...more] = text.split('+');
  if (more.length > 0 || (own !== undefined && !/^\d{1,20}$/.test(own))) return undefined;
  const parsed = parseSnapshot(of);
  const snapshot = parsed && (own === undefined ? parsed : withOwn(parsed, BigInt(own)));
  if (!snapshot) return undefined;
  if (snapshots.size >= MOST_SNAPSHOTS) snapshots.clear();
  snapshots.set(text, snapshot);
  return snapshot;
}
