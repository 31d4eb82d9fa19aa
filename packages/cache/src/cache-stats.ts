import type { Column } from './column';
import type { FieldColumns } from './field-columns';
import type { FieldTable } from './field-table';

/** Figures of one field, one model or the whole cache. */
export interface CacheFigures {
  /** Values asked for and found, since the last `clear`. Reads through column handles are not counted. */
  readonly hits: number;
  /** Values asked for and not found. */
  readonly misses: number;
  /** Values held now, in all contexts. */
  readonly values: number;
  /** Of these, those that wait to be written. */
  readonly dirty: number;
  /** Bytes held, estimated: places exactly, contents from a sample. */
  readonly bytes: number;
}

/** Figures of one model and of its fields. `bytes` includes the slots its fields share. */
export interface ModelStats extends CacheFigures {
  /** Records known by a slot. */
  readonly records: number;
  readonly fields: Readonly<Record<string, CacheFigures>>;
}

/** Figures of a cache, also per model and field. */
export interface CacheStats extends CacheFigures {
  readonly models: Readonly<Record<string, ModelStats>>;
}

const SAMPLE = 64;
/** How far into objects of objects is looked: values may know each other in circles. */
const DEPTH = 3;

/** Counts what a table holds. Walks over columns, not over values. */
export function cacheStats(table: FieldTable): CacheStats {
  const models: [string, ModelStats][] = [];
  for (const model of table.models()) {
    const slots = table.slotsOf(model);
    const fields = [...table.fieldsOf(model)].map((columns) => [columns.field.name, ofField(columns)] as const);
    const sum = add(fields.map(([, figures]) => figures));
    models.push([model, { ...sum, bytes: sum.bytes + slots.bytes, records: slots.size, fields: Object.fromEntries(fields) }]);
  }
  return { ...add(models.map(([, figures]) => figures)), models: Object.fromEntries(models) };
}

function ofField(columns: FieldColumns): CacheFigures {
  return add([...columns.all()].map((column) => ({
    hits: column.reads - column.misses,
    misses: column.misses,
    values: column.size,
    dirty: column.dirtySize,
    bytes: column.bytes + contentBytes(column),
  })));
}

function add(all: readonly CacheFigures[]): CacheFigures {
  const sum = { hits: 0, misses: 0, values: 0, dirty: 0, bytes: 0 };
  for (const one of all) {
    sum.hits += one.hits;
    sum.misses += one.misses;
    sum.values += one.values;
    sum.dirty += one.dirty;
    sum.bytes += one.bytes;
  }
  return sum;
}

function contentBytes(column: Column): number {
  const sample = column.sample(SAMPLE);
  const bytes = sample.reduce((sum: number, value) => sum + estimated(value), 0);
  return sample.length === 0 ? 0 : Math.round((bytes / sample.length) * column.size);
}

/** A value that cannot be looked into, as a proxy may be, weighs nothing: figures are no reason to fail. */
function estimated(value: unknown): number {
  try {
    return bytesOf(value);
  } catch {
    return 0;
  }
}

/** What a value holds outside its place, as V8 keeps it. */
function bytesOf(value: unknown, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return 16 + value.length;
    case 'number': // whole numbers of 31 bits stand in the place itself
      return value === (value | 0) ? 0 : 16;
    case 'bigint':
      return 24;
    case 'object':
      return value === null || depth > DEPTH ? 0 : bytesOfObject(value, depth + 1);
    default:
      return 0;
  }
}

function bytesOfObject(value: object, depth: number): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + 8 + bytesOf(item, depth), 32);
  if (ArrayBuffer.isView(value)) return 96 + value.byteLength;
  // By descriptor, because a getter may do anything.
  return Object.values(Object.getOwnPropertyDescriptors(value)).reduce((sum, item) => sum + (item.enumerable === true ? 8 + bytesOf(item.value, depth) : 0), 56);
}
