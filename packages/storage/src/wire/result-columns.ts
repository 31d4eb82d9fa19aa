import type { ColumnType } from '@ormolu/kernel';
import { UnreadableValueError } from '../column-types';
import { dateOfMicroseconds, textOfDays } from './calendar';
import { TextColumn } from './text-column';

/** Reads one value out of the bytes of a row. */
type ValueReader = (bytes: Buffer, start: number, end: number) => unknown;

/**
 * Turns rows into columns while they arrive: `columns[c][row]`.
 *
 * Values come in PostgreSQL's binary form, except decimals, which statements ask for as text.
 */
export class ResultColumns {
  readonly columns: readonly unknown[][];
  readonly #readers: readonly ValueReader[];

  constructor(types: readonly ColumnType[]) {
    this.columns = types.map(() => []);
    this.#readers = types.map(readerOf);
  }

  get rows(): number {
    return this.columns[0]?.length ?? 0;
  }

  /** Takes a row whose number of columns and first length stand at `at`. */
  row(bytes: Buffer, start: number): void {
    let at = start + 2;
    const readers = this.#readers;
    const columns = this.columns;
    for (let c = 0; c < readers.length; c++) {
      const length = readInt32(bytes, at);
      at += 4;
      // Both lists are as long as the types the statement was made with.
      const column = columns[c] as unknown[];
      if (length === -1) {
        column.push(null);
      } else if (readers[c] === readInt32) {
        // The commonest, and a call known here can be inlined.
        column.push(readInt32(bytes, at));
        at += 4;
      } else {
        column.push((readers[c] as ValueReader)(bytes, at, at + length));
        at += length;
      }
    }
  }
}

/** Four bytes, most significant first; unlike `Buffer.readInt32BE` without checks, as the server's lengths were checked before. */
export function readInt32(bytes: Buffer, at: number): number {
  // The caller stays inside the message.
  return ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
}

const INFINITE_DAYS = 0x7fffffff;
const text: ValueReader = (bytes, start, end) => bytes.toString('utf8', start, end);

function readerOf(type: ColumnType): ValueReader {
  if (type !== 'text') return READERS[type];
  const texts = new TextColumn();
  return (bytes, start, end) => texts.read(bytes, start, end);
}

const READERS: Readonly<Record<ColumnType, ValueReader>> = {
  int4: readInt32,
  int8: (bytes, start) => bytes.readBigInt64BE(start),
  float8: (bytes, start) => bytes.readDoubleBE(start),
  bool: (bytes, start) => bytes[start] === 1,
  text,
  numeric: text,
  uuid: (bytes, start, end) => {
    const hex = bytes.toString('hex', start, end);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  },
  date: (bytes, start) => {
    const days = readInt32(bytes, start);
    if (days >= INFINITE_DAYS || days <= -INFINITE_DAYS) throw new UnreadableValueError('date');
    return textOfDays(days);
  },
  timestamptz: (bytes, start) => {
    const date = dateOfMicroseconds(readInt32(bytes, start), readInt32(bytes, start + 4) >>> 0);
    if (Number.isNaN(date.getTime())) throw new UnreadableValueError('timestamptz');
    return date;
  },
  // The first byte is the version of the binary form.
  jsonb: (bytes, start, end) => JSON.parse(bytes.toString('utf8', start + 1, end)) as unknown,
  // A copy: the buffer it came in is used again for the next rows.
  bytea: (bytes, start, end) => new Uint8Array(bytes.subarray(start, end)),
};
