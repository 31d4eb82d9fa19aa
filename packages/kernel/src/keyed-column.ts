import type { ColumnSchema, ColumnType } from './schema';

/** What a column keeps that has a value per company or per language: one JSON object, the values by key. */
export interface KeyedColumn {
  /** What the keys are: ids of companies as texts, or languages. */
  readonly by: 'company' | 'lang';
  /** Of each value. */
  readonly type: ColumnType;
  /** The model whose ids the values are. */
  readonly references?: string | undefined;
}

/**
 * For each kind of key those to look under, in this order: the first that is there counts, also when it holds no value. `'any'`: a condition on such a column of
 * the records asked for, at the end of a path without a relation, holds when it does for the value under any key; elsewhere there is no value.
 */
export type ValueKeys = { readonly [By in KeyedColumn['by']]?: readonly string[] | 'any' };

/** The keys to look under for the one value that counts. */
export function countingKeys(keys: ValueKeys | undefined, by: KeyedColumn['by']): readonly string[] {
  const own = keys?.[by];
  return own === undefined || own === 'any' ? [] : own;
}

/** All values of such a column, in the form of its type. @param stored - what the column holds */
export function valuesUnderAnyKey({ type }: KeyedColumn, stored: unknown): readonly unknown[] {
  if (typeof stored !== 'object' || stored === null) return [];
  return Object.values(stored).map((raw: unknown) => (raw === null ? null : jsonFormOf(type).fromJson(raw)));
}

/** A way from the form that a value of a column type has in JavaScript to JSON, and back. */
export interface JsonForm {
  toJson(value: unknown): unknown;
  fromJson(raw: unknown): unknown;
}

const same = (value: unknown): unknown => value;

/** Types whose values JSON has no form for, or loses something of. Every text here is what PostgreSQL casts to the type, bytes apart. */
const FORMS: Partial<Readonly<Record<ColumnType, JsonForm>>> = {
  int8: { toJson: String, fromJson: (raw) => BigInt(String(raw)) },
  numeric: { toJson: same, fromJson: String },
  float8: { toJson: (value) => (Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value)), fromJson: Number },
  timestamptz: { toJson: (value) => (value as Date).toISOString(), fromJson: (raw) => new Date(String(raw)) },
  bytea: { toJson: (value) => Buffer.from(value as Uint8Array).toString('base64'), fromJson: (raw) => new Uint8Array(Buffer.from(String(raw), 'base64')) },
};

/** How values of a column type stand in a keyed column. */
export function jsonFormOf(type: ColumnType): JsonForm {
  return FORMS[type] ?? { toJson: same, fromJson: same };
}

/** The value that counts under some keys, in the form of its type; null when there is none. @param stored - what the column holds */
export function keyedValue({ by, type }: KeyedColumn, stored: unknown, keys: ValueKeys | undefined): unknown {
  if (typeof stored !== 'object' || stored === null) return null;
  const values = new Map<string, unknown>(Object.entries(stored));
  const key = countingKeys(keys, by).find((one) => values.has(one));
  const raw = key === undefined ? null : values.get(key);
  return raw === null || raw === undefined ? null : jsonFormOf(type).fromJson(raw);
}

/** The model that a column's values refer to, if they do. */
export function referredModel({ references, keyed }: ColumnSchema): string | undefined {
  return keyed ? keyed.references : references?.model;
}
