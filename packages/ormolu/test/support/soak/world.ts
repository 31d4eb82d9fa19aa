import { EVERYTHING, Schema, type ColumnSchema, type Filter, type GroupQuery, type Query } from '@ormolu/kernel';

const column = (field: string, type: ColumnSchema['type'], references?: string): ColumnSchema => ({
  field, column: field, type, required: false, unique: false, index: false, ...(references === undefined ? {} : { references: { model: references, onDelete: 'set null' } }),
});
const plain = { idColumn: 'id', idType: 'integer', versioned: true, order: [], lists: [] } as const;

/** Records that everybody writes. Each says who wrote it last, and when; the database counts its versions. */
export const WORLD = new Schema([
  { ...plain, model: 'item', table: 'soak_item', columns: [column('token', 'text'), column('size', 'int4'), column('writer', 'text'), column('at', 'float8'), column('bag', 'int4', 'bag')] },
  { ...plain, model: 'bag', table: 'soak_bag', columns: [column('name', 'text'), column('writer', 'text'), column('at', 'float8')] },
]);
export const ITEMS = 60;
export const BAGS = 6;
export const FIELDS: readonly (readonly string[])[] = [['token', 'size', 'writer', 'at', 'bag', '$version'], ['size', 'writer', 'at', '$version'], ['token', 'writer', 'at', '$version']];

const where = (path: string, operator: 'eq' | 'gte' | 'in', value: unknown): Filter => ({ kind: 'condition', path: path.split('.'), operator, value });
const item = { model: 'item', order: [] } as const;

/** Few questions, asked again and again. */
export const QUERIES: readonly Query[] = [
  ...[0, 1, 2, 3].map((size) => ({ ...item, filter: where('size', 'eq', size) })),
  ...[1, 2, 3].map((bag) => ({ ...item, filter: where('bag', 'eq', bag), fields: ['size', 'writer', 'at', '$version'] })),
  ...['a', 'b'].map((name) => ({ ...item, filter: where('bag.name', 'eq', name) })),
  { ...item, filter: where('size', 'gte', 2), order: [{ path: ['token'], direction: 'asc' }], limit: 5 },
  { ...item, filter: where('size', 'gte', 2), order: [{ path: ['token'], direction: 'asc' }], limit: 9 },
];
export const GROUPINGS: readonly GroupQuery[] = [
  { model: 'item', filter: EVERYTHING, by: [['bag']], aggregates: [{ function: 'sum', path: ['size'] }, { function: 'count' }] },
  { model: 'item', filter: where('size', 'gte', 1), by: [['bag', 'name']], aggregates: [{ function: 'count' }] },
];

/** Numbers from a seed: a worker's life can be told by it. @returns whole numbers below a bound */
export function dice(seed: number): (bound: number) => number {
  let state = (seed | 0) || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** What a worker has to tell. */
export interface Report {
  /** Answers compared: records, and answers to questions. */
  readonly reads: number;
  /** Of them, those that the cache gave. */
  readonly hits: number;
  /** Of the hits, records that somebody else had changed within the last second. */
  readonly fresh: number;
  /** At READ COMMITTED, what changed so often meanwhile that nobody can say. */
  readonly undecided: number;
  readonly transactions: number;
  readonly commits: number;
  /** The first answers that were wrong. */
  readonly differences: readonly string[];
}
