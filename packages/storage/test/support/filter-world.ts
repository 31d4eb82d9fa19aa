import {
  jsonFormOf, Schema, OPERATORS, type ColumnType, type Filter, type KeyedColumn, type OrderTerm, type Query, type Session, type Storage, type StoredId, type ValueKeys,
} from '@ormolu/kernel';
import fc from 'fast-check';
import { column, insertRows, reference } from '../../src/compliance/fixture';

export const TYPES = ['text', 'uuid', 'int4', 'int8', 'float8', 'numeric', 'bool', 'date', 'timestamptz', 'jsonb', 'bytea'] as const satisfies readonly ColumnType[];

/** The same types in columns with a value per key, under keys of both kinds. */
const KEYED = TYPES.map((type, n): KeyedColumn & { readonly field: string } => ({ field: `${type}By`, type, by: n % 2 === 0 ? 'lang' : 'company' }));
const KEYS: Readonly<Record<KeyedColumn['by'], readonly string[]>> = { company: ['1', '2'], lang: ['fr', 'en'] };
/** Keyed fields that can be ordered and grouped by. */
export const KEYED_FIELDS: readonly string[] = KEYED.filter(({ type }) => type !== 'jsonb').map(({ field }) => field);

const order: readonly OrderTerm[] = [];
export const SCHEMA = new Schema([
  { model: 'item', table: 'item', idColumn: 'id', idType: 'integer', versioned: false, order, parent: 'parent',
    columns: [...TYPES.map((type) => column(type, type, type === 'numeric' ? { scale: 2 } : {})), reference('parent', 'item'), reference('group', 'group'),
      ...KEYED.map(({ field, by, type }) => column(field, 'jsonb', { keyed: { by, type } })), column('zone', 'jsonb', { keyed: { by: 'company', type: 'int4', references: 'group' } })],
    lists: [{ field: 'children', kind: 'one2many', model: 'item', inverse: 'parent' }, { field: 'tags', kind: 'many2many', model: 'tag', relation: 'item.tag', column: 'item', otherColumn: 'tag' }] },
  { model: 'group', table: 'group', idColumn: 'id', idType: 'integer', versioned: false, order: [{ path: ['name'], direction: 'desc' }], parent: undefined,
    columns: [column('name', 'text'), column('size', 'int4'), reference('up', 'group')], lists: [{ field: 'items', kind: 'one2many', model: 'item', inverse: 'group' }] },
  { model: 'tag', table: 'tag', idColumn: 'key', idType: 'text', versioned: false, order, columns: [column('name', 'text')], lists: [] },
  { model: 'item.tag', table: 'item_tag', idColumn: 'id', idType: 'integer', versioned: false, order, lists: [],
    columns: [reference('item', 'item', 'cascade', { required: true }), reference('tag', 'tag', 'cascade', { required: true, type: 'text' })] },
]);

/** Few enough that equal values, neighbours and pitfalls meet often. */
const TEXTS = ['', 'a', 'A', 'b', 'ab', 'a b', 'é', 'É', 'e\u0301', 'ß', 'ss', 'i', 'İ', 'ı', 'σ', 'ς', 'Σ', 'z', '_', '%', '\\', 'a%', 'a_', '\uFFFF', '😀', '𐐀', '𐐨', '10', '9', '~'];
export const VALUES: Readonly<Record<ColumnType, readonly unknown[]>> = {
  text: TEXTS,
  uuid: ['00000000-0000-0000-0000-000000000000', 'ffffffff-0000-0000-0000-000000000001', '7fffffff-ffff-ffff-ffff-ffffffffffff'],
  int4: [0, 1, -1, 5, 2_147_483_647, -2_147_483_648],
  int8: [0n, 1n, -1n, 9_007_199_254_740_993n, 9_007_199_254_740_992n],
  float8: [0, -0, 1.5, -1.5, NaN, Infinity, -Infinity, 1e-300],
  numeric: ['0.00', '1.50', '-1.50', '1.49', '99999999999999999999.99'],
  bool: [true, false],
  date: ['1999-12-31', '2000-01-01', '0001-01-01', '9999-12-31'],
  timestamptz: [new Date(0), new Date(-1), new Date(1), new Date(1e13)],
  jsonb: [0, '', 'a', [], {}, { a: 1, b: [1] }, [1, null], true],
  bytea: [new Uint8Array(), new Uint8Array([0]), new Uint8Array([255]), new Uint8Array([0, 1])],
};

export const some = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
export const orNull = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { freq: 4 });

/** Where a path may lead, and to what type; ids of items are small numbers. */
const PATHS: readonly (readonly [string, ColumnType | 'item' | 'group' | 'tag'])[] = [
  ...TYPES.map((type) => [type, type] as const), ...TYPES.map((type) => [`parent.${type}`, type] as const),
  ...KEYED.map(({ field, type }) => [field, type] as const), ['parent.textBy', 'text'], ['children.int4By', 'int4'],
  ['zone', 'group'], ['zone.id', 'group'], ['zone.name', 'text'], ['zone.up.size', 'int4'], ['zone.items', 'item'], ['parent.zone.name', 'text'],
  ['id', 'item'], ['parent', 'item'], ['children', 'item'], ['group', 'group'], ['tags', 'tag'], ['tags.id', 'tag'], ['tags.name', 'text'], ['parent.parent.text', 'text'],
  ['group.name', 'text'], ['group.size', 'int4'], ['group.up.name', 'text'], ['group.items', 'item'], ['group.items.int4', 'int4'], ['children.text', 'text'],
  ['children.group.name', 'text'], ['children.tags.name', 'text'], ['parent.children.tags', 'tag'], ['group.items.parent.id', 'item'],
];
const COUNT = 12;
const IDS = { item: Array.from({ length: COUNT + 1 }, (_, n) => n + 1), group: [1, 2, 3, 4], tag: ['a', 'É', 'z', '😀'] };

const conditions: fc.Arbitrary<Filter> = some(PATHS).chain(([path, type]) => {
  const values = type === 'item' || type === 'group' || type === 'tag' ? some<unknown>(IDS[type]) : some(VALUES[type]);
  const texts = type === 'text' ? (['like', 'ilike', 'startsWith'] as const) : [];
  const trees = type === 'item' ? (['childOf', 'parentOf'] as const) : [];
  const orders = type === 'jsonb' ? [] : (['gt', 'gte', 'lt', 'lte'] as const);
  return some([...OPERATORS.slice(0, 2), ...orders, 'in', 'notIn', 'isNull', 'exists', ...texts, ...texts, ...trees] as const).chain((operator) => {
    const value = operator === 'isNull' || operator === 'exists' ? fc.boolean()
      : operator === 'in' || operator === 'notIn' ? fc.array(orNull(values), { maxLength: 4 })
        : operator === 'like' || operator === 'ilike' ? fc.array(some([...TEXTS, '%', '_', '\\%', '\\_', '\\\\'].filter((text) => text !== '\\')), { maxLength: 3 }).map((parts) => parts.join(''))
          : operator === 'startsWith' ? some(TEXTS)
            : operator === 'childOf' || operator === 'parentOf' ? fc.oneof(values, fc.array(values, { maxLength: 3 }))
              : orNull(values);
    return value.map((constant): Filter => ({ kind: 'condition', path: path.split('.'), operator, value: constant }));
  });
});

export const filters: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof({ maxDepth: 3 }, { arbitrary: conditions, weight: 3 },
    { arbitrary: tie('filter').map((not): Filter => ({ kind: 'not', not })), weight: 1 },
    { arbitrary: fc.array(tie('filter'), { maxLength: 3 }).map((all): Filter => ({ kind: 'and', all })), weight: 1 },
    { arbitrary: fc.array(tie('filter'), { maxLength: 3 }).map((any): Filter => ({ kind: 'or', any })), weight: 1 }),
})).filter;

const orders: fc.Arbitrary<readonly OrderTerm[]> = fc.array(
  fc.record({ path: some([...TYPES.filter((type) => type !== 'jsonb'), 'parent.text', 'group.name', 'group.up.size', 'parent.float8', 'id', 'parent', ...KEYED_FIELDS, 'parent.textBy', 'zone', 'zone.name']).map((path) => path.split('.')), direction: some(['asc', 'desc'] as const) }),
  { maxLength: 3 });

/** Which keys to look under: none, some, ones that no value has. */
export const valueKeys: fc.Arbitrary<ValueKeys | undefined> = fc.option(
  fc.record({ company: fc.shuffledSubarray([...KEYS.company, '9']), lang: fc.shuffledSubarray([...KEYS.lang, "d'e"]) }, { requiredKeys: [] }), { nil: undefined, freq: 4 });

const queries: fc.Arbitrary<Query> = fc.record({
  filter: filters, keys: valueKeys, order: fc.option(orders, { nil: undefined }), limit: fc.option(fc.nat(COUNT), { nil: undefined, freq: 3 }), offset: fc.option(fc.nat(3), { nil: undefined, freq: 3 }),
}).map((query) => ({ model: 'item', fields: ['text'], ...query }));

const rowsOf = <T>(shape: Readonly<Record<string, fc.Arbitrary<T>>>, count: number): fc.Arbitrary<readonly Record<string, T>[]> => fc.array(fc.record(shape), { minLength: count, maxLength: count });

/** What a keyed column holds: nothing, no key, a value or none under some keys. */
const keyed = (by: KeyedColumn['by'], type: ColumnType, values: readonly unknown[]): fc.Arbitrary<unknown> => {
  const { toJson } = jsonFormOf(type);
  const value = orNull(some(values)).map((one) => (one === null ? null : toJson(one)));
  return orNull(fc.record(Object.fromEntries(KEYS[by].map((key) => [key, value])), { requiredKeys: [] }));
};

/** Rows of every table, and questions about the items. */
export const worlds = fc.record({
  groups: rowsOf<unknown>({ name: orNull(some(TEXTS)), size: orNull(some(VALUES.int4)), up: orNull(some([1, 2, 3])) }, 3),
  items: rowsOf<unknown>({ ...Object.fromEntries(TYPES.map((type) => [type, orNull(some(VALUES[type]))])), parent: orNull(some(IDS.item.slice(0, COUNT))), group: orNull(some([1, 2, 3])),
    ...Object.fromEntries(KEYED.map(({ field, by, type }) => [field, keyed(by, type, VALUES[type])])), zone: keyed('company', 'int4', [1, 2, 3, 4]) }, COUNT),
  tags: rowsOf<unknown>({ name: orNull(some(TEXTS)) }, IDS.tag.length),
  pairs: fc.array(fc.record({ item: some(IDS.item.slice(0, COUNT)), tag: some(IDS.tag) }), { maxLength: 10 }),
  queries: fc.array(queries, { minLength: 8, maxLength: 8 }),
});

export type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

/** Asks a storage that holds a world and nothing else. */
export async function inWorld<T>(storage: Storage, world: World, ask: (session: Session) => Promise<T>): Promise<T> {
  const session = await storage.open({ schema: SCHEMA });
  try {
    await fill(session, world);
    return await ask(session);
  } finally {
    await session.rollback();
  }
}

/** Puts the rows of a world into a database. */
async function fill(session: Session, world: World): Promise<void> {
  const insert = async (model: string, rows: readonly Readonly<Record<string, unknown>>[], ids: readonly StoredId[]): Promise<void> => {
    const fields = Object.keys(rows[0] ?? {});
    await session.insert({ model, count: rows.length, fields, columns: fields.map((field) => rows.map((row) => row[field])), ids });
  };
  await insert('group', world.groups, [1, 2, 3]);
  await insert('item', world.items, IDS.item.slice(0, COUNT));
  await insert('tag', world.tags, IDS.tag);
  await insertRows(session, 'item.tag', world.pairs);
}
