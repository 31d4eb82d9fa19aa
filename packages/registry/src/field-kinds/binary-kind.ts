import { Refusal, type FieldKind } from './field-kind';

const notBytes = new Refusal('bytes as a Uint8Array');

/**
 * Bytes. They cannot be frozen, so the cache has its own and never hands them to users: they are copied on the way in and on every read.
 * Storage only looks at what it is given.
 */
export const binaryKind: FieldKind = {
  name: 'binary',
  columnType: 'bytea',
  take: (value) => (isBytes(value) ? new Uint8Array(value) : notBytes),
  toUser: (cached) => new Uint8Array(cached as Uint8Array), // as `take` made it
  toColumn: (cached) => cached,
  // Bytes that are a window on a larger piece of memory, as Buffers often are, would keep all of it alive.
  fromColumn: (raw) => (isBytes(raw) && (Buffer.isBuffer(raw) || raw.byteLength < raw.buffer.byteLength) ? new Uint8Array(raw) : raw),
  isEqual: (a, b) => a === b || (isBytes(a) && isBytes(b) && Buffer.compare(a, b) === 0),
};

/** A Uint8Array of any realm; one whose memory was transferred away holds nothing any more. */
function isBytes(value: unknown): value is Uint8Array {
  if (!ArrayBuffer.isView(value) || Object.prototype.toString.call(value) !== '[object Uint8Array]') return false;
  return value.byteLength > 0 || !isDetached(value.buffer);
}

function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
