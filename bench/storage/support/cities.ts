import { Schema, type ColumnSchema } from '@ormolu/kernel';

const column = (field: string, type: ColumnSchema['type']): ColumnSchema => ({ field, column: field, type, required: false, unique: false, index: false });

/** Cities with eight columns, as they come: texts, numbers, references kept as plain numbers. */
export const FIELDS = ['name', 'code', 'state_id', 'country_id', 'population', 'lat', 'lon', 'display_name'] as const;

export const SCHEMA: Schema = new Schema([{
  model: 'city', table: 'city', idColumn: 'id', idType: 'integer', lists: [], order: [], versioned: false,
  columns: [
    column('name', 'text'), column('code', 'text'), column('state_id', 'int4'), column('country_id', 'int4'), column('population', 'int4'),
    column('lat', 'float8'), column('lon', 'float8'), column('display_name', 'text'),
  ],
}]);

const SYLLABLES = ['gha', 'bru', 'lin', 'to', 'ré', 'sz', 'ford', 'burg', 'ville', 'ão', 'kyo', 'stad'];

/** Values by column, the same at every call. */
export function cityColumns(count: number): readonly (readonly unknown[])[] {
  const name = (n: number): string => `${SYLLABLES[n % 12] ?? ''}${SYLLABLES[(n >> 3) % 12] ?? ''}${SYLLABLES[(n >> 7) % 12] ?? ''}${String(n % 97)}`;
  const all = Array.from({ length: count }, (_, n) => n);
  return [
    all.map(name), all.map((n) => `C${String(n % 250)}`), all.map((n) => (n * 31) % 3879 + 1), all.map((n) => (n * 17) % 250 + 1), all.map((n) => (n * 7919) % 10_000_000),
    all.map((n) => ((n * 37) % 18_000) / 100 - 90), all.map((n) => ((n * 53) % 36_000) / 100 - 180), all.map((n) => `${name(n)}, Country ${String((n * 17) % 250 + 1)}`),
  ];
}

/** The first columns of the table only. */
export function firstColumns(fields: number, count: number): { readonly fields: readonly string[]; readonly columns: readonly (readonly unknown[])[] } {
  return { fields: FIELDS.slice(0, fields), columns: cityColumns(count).slice(0, fields) };
}

/** The types of the columns, as a hand-written statement casts its arrays. */
export const ARRAYS = ['text[]', 'text[]', 'int4[]', 'int4[]', 'int4[]', 'float8[]', 'float8[]', 'text[]'] as const;

/** `$1::text[], $2::text[], …` */
export function handArrays(fields: number): string {
  return ARRAYS.slice(0, fields).map((type, n) => `$${String(n + 1)}::${type}`).join(', ');
}
