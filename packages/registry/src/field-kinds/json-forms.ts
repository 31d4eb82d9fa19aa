import type { ColumnType } from '@ormolu/kernel';

/** A way from the form that a column of a type takes to JSON, and back. */
export interface JsonForm {
  toJson(column: unknown): unknown;
  fromJson(raw: unknown): unknown;
}

const same = (value: unknown): unknown => value;

/** Types whose values JSON has no form for. */
const FORMS: Partial<Readonly<Record<ColumnType, JsonForm>>> = {
  int8: { toJson: String, fromJson: (raw) => BigInt(String(raw)) },
  timestamptz: { toJson: (column) => (column as Date).toISOString(), fromJson: (raw) => new Date(String(raw)) },
  bytea: { toJson: (column) => Buffer.from(column as Uint8Array).toString('base64'), fromJson: (raw) => new Uint8Array(Buffer.from(String(raw), 'base64')) },
};

/** How values of a column type stand in a JSON column that holds many of them, one per company or language. */
export function jsonFormOf(type: ColumnType): JsonForm {
  return FORMS[type] ?? { toJson: same, fromJson: same };
}
