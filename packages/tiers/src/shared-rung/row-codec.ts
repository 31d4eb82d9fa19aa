import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { VERSION_COLUMN, type ColumnSchema, type TableSchema } from '@ormolu/kernel';
import { isPlainMessagePack } from '../shared/plain-msgpack';
import { plainMessagePack, type SerializerName } from '../shared/serializers';
import { columnForm, type ColumnForm } from './column-forms';

/** By their numbers in entries: their order stays. */
export const FORMATS: readonly SerializerName[] = ['json', 'msgpack', 'v8'];

/** Values as bytes, and which columns they are of. */
export interface EncodedRow {
  /** A bit a column, in the order of the table. */
  readonly columns: Uint8Array;
  readonly bytes: Uint8Array;
}

/** A row that was read. */
export interface DecodedRow {
  readonly fields: readonly string[];
  /** In the order of the fields. */
  readonly values: readonly unknown[];
}

/** Which columns some bits stand for. */
interface Shape {
  readonly fields: readonly string[];
  readonly forms: readonly ColumnForm[];
}

/** How some fields of a question are written. */
interface Plan extends Shape {
  readonly columns: Uint8Array;
  /** Where the value of each column stands among those given. */
  readonly places: readonly number[];
}

/** Of so many sets of fields it is remembered how they are written. */
const MOST_PLANS = 200;

/**
 * Rows of one model as bytes: the values alone, in the order of the table's columns, so that no name is written or read. What it was written by says
 * a byte, the digest of the columns: a model that has changed reads nothing of what it was.
 *
 * @see docs/decisions/0072
 */
export class RowCodec {
  /** A byte that tells one set of columns from most others. */
  readonly mark: number;
  /** Bytes that say which columns there are. */
  readonly width: number;
  readonly #columns: readonly ColumnSchema[];
  readonly #format: SerializerName;
  readonly #plans = new Map<string, Plan>();
  #last: Plan | undefined;
  readonly #shapes = new Map<SerializerName, Map<string, Shape>>();

  /** @throws {MisuseError} TIER_PACKAGE_MISSING for 'msgpack' without msgpackr */
  constructor({ columns, versioned }: TableSchema, format: SerializerName) {
    this.#columns = [...columns, ...versioned ? [VERSION_COLUMN] : []];
    this.#format = format;
    this.width = Math.ceil(this.#columns.length / 8);
    this.mark = createHash('sha256').update(JSON.stringify(this.#columns.map(({ field, type }) => [field, type]))).digest()[0] ?? 0;
    if (format === 'msgpack') plainMessagePack();
  }

  /** @param fields - of the model, each once @param values - in their order */
  encode(fields: readonly string[], values: readonly unknown[]): EncodedRow {
    const { columns, forms, places } = this.#planOf(fields);
    const row: unknown[] = [];
    for (let at = 0; at < forms.length; at += 1) {
      const value = values[places[at] ?? 0] ?? null;
      row.push(value === null ? null : forms[at]?.to(value));
    }
    return { columns, bytes: toBytes(row, this.#format) };
  }

  /** @throws {Error} for what was not written by such a codec */
  decode({ columns, bytes, format }: EncodedRow & { readonly format: SerializerName }): DecodedRow {
    const { fields, forms } = this.#shapeOf(columns, format);
    const row = fromBytes(bytes, format);
    if (row.length !== forms.length) throw new TypeError('a form that is never written');
    const values = new Array<unknown>(forms.length);
    for (let at = 0; at < forms.length; at += 1) {
      const form = row[at];
      values[at] = form === null ? null : forms[at]?.from(form);
    }
    return { fields, values };
  }

  /** Whether these columns have all of some fields. Reads no value. */
  has(columns: Uint8Array, fields: readonly string[]): boolean {
    const wanted = this.#planOf(fields).columns;
    return wanted.every((bits, at) => (bits & ~(columns[at] ?? 0)) === 0);
  }

  #planOf(fields: readonly string[]): Plan {
    // Rows that are written together mostly have one list of fields.
    if (this.#last?.fields !== fields) this.#last = this.#newPlanOf(fields);
    return this.#last;
  }

  #newPlanOf(fields: readonly string[]): Plan {
    const key = fields.join('\0');
    const known = this.#plans.get(key);
    if (known) return { ...known, fields };
    const columns = new Uint8Array(this.width);
    const forms: ColumnForm[] = [];
    const places: number[] = [];
    for (const [at, column] of this.#columns.entries()) {
      const place = fields.indexOf(column.field);
      if (place < 0) continue;
      setBit(columns, at);
      forms.push(columnForm(column, this.#format));
      places.push(place);
    }
    const plan = { columns, forms, places, fields };
    if (this.#plans.size >= MOST_PLANS) this.#plans.clear();
    this.#plans.set(key, plan);
    return plan;
  }

  #shapeOf(columns: Uint8Array, format: SerializerName): Shape {
    let shapes = this.#shapes.get(format);
    if (!shapes) this.#shapes.set(format, (shapes = new Map<string, Shape>()));
    const key = Buffer.from(columns.buffer, columns.byteOffset, columns.byteLength).toString('latin1');
    const known = shapes.get(key);
    if (known) return known;
    const held = this.#columns.filter((_, at) => hasBit(columns, at));
    const shape = { fields: Object.freeze(held.map(({ field }) => field)), forms: held.map((column) => columnForm(column, format)) };
    if (shapes.size >= MOST_PLANS) shapes.clear();
    shapes.set(key, shape);
    return shape;
  }
}

/** A list of what formats know as bytes. */
export function toBytes(list: readonly unknown[], format: SerializerName): Uint8Array {
  if (format === 'json') return Buffer.from(JSON.stringify(list), 'utf8');
  return format === 'msgpack' ? plainMessagePack().pack(list) : serialize(list);
}

/** @throws {Error} for bytes of no list */
export function fromBytes(bytes: Uint8Array, format: SerializerName): readonly unknown[] {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (format === 'msgpack' && !isPlainMessagePack(buffer)) throw new TypeError('a form that is never written');
  const list: unknown = format === 'json' ? JSON.parse(buffer.toString('utf8')) : format === 'msgpack' ? plainMessagePack().unpack(buffer) : deserialize(buffer);
  if (!Array.isArray(list)) throw new TypeError('a form that is never written');
  return list;
}

function setBit(bits: Uint8Array, at: number): void {
  bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
}

function hasBit(bits: Uint8Array, at: number): boolean {
  return ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
}
