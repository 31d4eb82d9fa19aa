import { EVERYTHING, Schema, type ColumnSchema, type Filter, type GroupQuery, type Query } from '@ormolu/kernel';

const column = (field: string, type: ColumnSchema['type'], more: Partial<ColumnSchema> = {}): ColumnSchema => ({ field, column: field, type, required: false, unique: false, index: false, ...more });
const plain = { idColumn: 'id', idType: 'integer', versioned: true, order: [], lists: [] } as const;

const worldWith = (note: string): Schema => new Schema([
  {
    ...plain, model: 'item', table: 'soak_item',
    columns: [
      column('token', 'text'), column('size', 'int4'), column('writer', 'text'), column('at', 'float8'), column('bag', 'int4', { references: { model: 'bag', onDelete: 'set null' } }),
      column('label', 'jsonb', { keyed: { by: 'lang', type: 'text' } }), column('note', 'text', { column: note }),
    ],
  },
  { ...plain, model: 'bag', table: 'soak_bag', columns: [column('name', 'text'), column('title', 'jsonb', { keyed: { by: 'lang', type: 'text' } }), column('writer', 'text'), column('at', 'float8')] },
  { ...plain, model: 'duty', table: 'soak_duty', columns: [column('isOn', 'bool'), column('writer', 'text'), column('at', 'float8')] },
]);

/** Records that everybody writes. Each says who wrote it last, and when; the database counts its versions. */
export const WORLD = worldWith('first_note');
/** Another version of the models, as a reload brings it: a field is kept in another column. */
export const RELOADED = worldWith('second_note');
export const ITEMS = 60;
export const BAGS = 6;
/** Records 2n − 1 and 2n are a pair, of which one must be on: nobody can see that of one record alone. */
export const DUTIES = 4;
/** Who wrote a record last, when, and how often it was written. */
export const STAMPS = ['writer', 'at', '$version'];
export const FIELDS: readonly (readonly string[])[] = [['token', 'size', ...STAMPS, 'bag', 'label', 'note'], ['size', ...STAMPS], ['token', 'note', ...STAMPS]];

const where = (path: string, operator: 'eq' | 'gte' | 'in', value: unknown): Filter => ({ kind: 'condition', path: path.split('.'), operator, value });
const item = { model: 'item', order: [] } as const;
const byToken = [{ path: ['token'], direction: 'asc' }] as const;

/** Few questions, asked again and again. */
export const QUERIES: readonly Query[] = [
  ...[0, 1, 2, 3].map((size) => ({ ...item, filter: where('size', 'eq', size) })),
  ...[1, 2, 3].map((bag) => ({ ...item, filter: where('bag', 'eq', bag), fields: ['size', ...STAMPS] })),
  ...['a', 'b'].map((name) => ({ ...item, filter: where('bag.name', 'eq', name) })),
  ...[5, 9].map((limit) => ({ ...item, filter: where('size', 'gte', 2), order: byToken, limit })),
  // What changes seldom is still there when the other page, or the other language, is asked for.
  ...[1, 2, 3].map((limit) => ({ model: 'bag', order: [], filter: EVERYTHING, limit })),
  ...['a', 'b'].flatMap((title) => ['en', 'fr'].map((lang) => ({ model: 'bag', order: [], filter: where('title', 'eq', title), keys: { lang: [lang] } }))),
  ...['en', 'fr'].map((lang) => ({ ...item, filter: where('label', 'eq', 'a'), keys: { lang: [lang] } })),
];
export const GROUPINGS: readonly GroupQuery[] = [
  { model: 'item', filter: EVERYTHING, by: [['bag']], aggregates: [{ function: 'sum', path: ['size'] }, { function: 'count' }] },
  { model: 'item', filter: where('size', 'gte', 1), by: [['bag', 'name']], aggregates: [{ function: 'count' }] },
];
/** Finds those who are off. */
export const OFF: Query = { model: 'duty', order: [], filter: where('isOn', 'eq', false) };
