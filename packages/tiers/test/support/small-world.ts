import { Schema, type Aggregate, type ColumnSchema, type Filter, type GroupQuery, type OrderTerm, type Query, type Session, type Storage, type StoredId } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import * as fc from 'fast-check';

const column = (field: string, type: ColumnSchema['type'], references?: string): ColumnSchema => ({
  field, column: field, type, required: false, unique: false, index: false, ...(references === undefined ? {} : { references: { model: references, onDelete: 'set null' } }),
});
const plain = { idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [] } as const;

/** Items in a tree, in groups, with tags by a relation table: every kind of path there is, few fields. */
export const SMALL = new Schema([
  {
    ...plain, model: 'item', table: 'item', order: [{ path: ['group', 'size'], direction: 'desc' }], parent: 'parent',
    columns: [column('name', 'text'), column('size', 'int4'), column('rest', 'text'), column('parent', 'int4', 'item'), column('group', 'int4', 'group')],
    lists: [{ field: 'children', kind: 'one2many', model: 'item', inverse: 'parent' }, { field: 'tags', kind: 'many2many', model: 'tag', relation: 'pair', column: 'item', otherColumn: 'tag' }],
  },
  { ...plain, model: 'group', table: 'group', columns: [column('name', 'text'), column('size', 'int4'), column('up', 'int4', 'group')], lists: [{ field: 'items', kind: 'one2many', model: 'item', inverse: 'group' }] },
  { ...plain, model: 'tag', table: 'tag', columns: [column('name', 'text'), column('rest', 'text')] },
  { ...plain, model: 'pair', table: 'pair', columns: [column('item', 'int4', 'item'), column('tag', 'int4', 'tag')] },
]);

const one = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const TEXTS = ['', 'a', 'b', 'ab'];
export const IDS: Readonly<Record<string, readonly number[]>> = { item: [1, 2, 3, 4, 5, 6], group: [1, 2, 3], tag: [1, 2], pair: [1, 2, 3, 4] };

/** A value that a column may hold. */
export function valueOf(model: string, field: string): fc.Arbitrary<unknown> {
  const { type, references } = SMALL.column(model, field);
  return fc.option(one<unknown>(...(references ? IDS[references.model] ?? [] : type === 'text' ? TEXTS : [0, 1, 2])), { freq: 5 });
}

const rowOf = (model: string): fc.Arbitrary<Record<string, unknown>> => fc.record(Object.fromEntries(SMALL.table(model).columns.map(({ field }) => [field, valueOf(model, field)])));
export type Row = Readonly<Record<string, unknown>>;
export type Rows = Readonly<Record<string, readonly Row[]>>;
export const rows: fc.Arbitrary<Rows> = fc.record(Object.fromEntries(Object.entries(IDS).map(([model, ids]) => [model, fc.array(rowOf(model), { minLength: ids.length, maxLength: ids.length })])));

/** A database in memory with these rows. */
export async function worldOf(given: Rows): Promise<{ readonly storage: Storage; readonly session: Session }> {
  const storage = memory();
  await storage.migrate(SMALL);
  const session = await storage.open({ schema: SMALL });
  // References may point both ways: rows first, then what they refer to.
  for (const [model, all] of Object.entries(given)) await session.insert({ model, count: all.length, fields: [], columns: [], ids: (IDS[model] ?? []).slice(0, all.length) });
  for (const [model, all] of Object.entries(given)) {
    const fields = SMALL.table(model).columns.map(({ field }) => field);
    await session.update({ model, ids: (IDS[model] ?? []).slice(0, all.length), fields, columns: fields.map((field) => all.map((row) => row[field])) });
  }
  return { storage, session };
}

/** One change of the rows: a value, a row less, or a row more. */
export type Change = { readonly model: string; readonly which: number } & ({ readonly what: 'update'; readonly field: string; readonly value: unknown } | { readonly what: 'delete' } | { readonly what: 'insert'; readonly row: Record<string, unknown> });
const models = one(...Object.keys(IDS));
export const changes: fc.Arbitrary<Change> = models.chain((model) => fc.oneof(
  { weight: 4, arbitrary: one(...SMALL.table(model).columns.map(({ field }) => field)).chain((field) => fc.record({ what: fc.constant('update' as const), model: fc.constant(model), which: fc.nat(6), field: fc.constant(field), value: valueOf(model, field) })) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('delete' as const), model: fc.constant(model), which: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('insert' as const), model: fc.constant(model), which: fc.constant(0), row: rowOf(model) }) },
));

/** Makes a change, unless the database refuses it. @param serial - of the change, from which the id of a new row follows */
export async function change(session: Session, one: Change, serial: number): Promise<void> {
  const before = await session.savepoint();
  await changed(session, one, serial).then(() => session.release(before), () => session.rollbackTo(before));
}

async function changed(session: Session, one: Change, serial: number): Promise<void> {
  const ids = IDS[one.model] ?? [];
  const id: StoredId = ids[one.which % ids.length] ?? 1;
  if (one.what === 'update') await session.update({ model: one.model, ids: [id], fields: [one.field], columns: [[one.value]] });
  else if (one.what === 'delete') await session.delete(one.model, [id]);
  else await session.insert({ model: one.model, count: 1, fields: Object.keys(one.row), columns: Object.values(one.row).map((value) => [value]), ids: [100 + serial] });
}

const SINGLE = ['name', 'size', 'group.name', 'group.size', 'group.up.name', 'parent.name', 'parent.group.size', 'id', 'parent', 'group', 'group.id'];
const PATHS = [...SINGLE, 'children', 'children.name', 'tags', 'tags.id', 'tags.name', 'group.items.size', 'parent.children.tags.name', 'parent.parent.id'];
const typeOf = (path: string): 'text' | 'number' => (path.endsWith('name') ? 'text' : 'number');
const TREES = ['id', 'parent', 'children', 'group.items', 'parent.parent'];

const conditions: fc.Arbitrary<Filter> = fc.oneof(
  { weight: 5, arbitrary: one(...PATHS).chain((path) => {
    const value = fc.option(typeOf(path) === 'text' ? one<unknown>(...TEXTS) : one<unknown>(0, 1, 2), { freq: 6 });
    return fc.oneof(
      fc.record({ operator: one('eq' as const, 'ne' as const, 'gt' as const, 'lte' as const), value }),
      fc.record({ operator: one('in' as const, 'notIn' as const), value: fc.array(value, { maxLength: 3 }) }),
      fc.record({ operator: one('isNull' as const, 'exists' as const), value: fc.boolean() }),
    ).map(({ operator, value: given }): Filter => ({ kind: 'condition', path: path.split('.'), operator, value: given }));
  }) },
  { weight: 1, arbitrary: fc.record({ path: one(...TREES), operator: one('childOf' as const, 'parentOf' as const), value: one(1, 2, 3) }).map(({ path, ...rest }): Filter => ({ kind: 'condition', path: path.split('.'), ...rest })) },
);
export const filters: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof({ maxDepth: 3 }, { arbitrary: conditions, weight: 4 },
    { arbitrary: tie('filter').map((not): Filter => ({ kind: 'not', not })), weight: 1 },
    { arbitrary: fc.array(tie('filter'), { maxLength: 3 }).map((all): Filter => ({ kind: 'and', all })), weight: 1 },
    { arbitrary: fc.array(tie('filter'), { maxLength: 3 }).map((any): Filter => ({ kind: 'or', any })), weight: 1 }),
})).filter;

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const paths = one(...SINGLE).map((path) => path.split('.'));
const orders: fc.Arbitrary<readonly OrderTerm[]> = fc.array(fc.record({ path: paths, direction: one('asc' as const, 'desc' as const) }), { maxLength: 2 });
export const searches: fc.Arbitrary<Query> = fc.record({ model: fc.constant('item'), filter: filters, order: maybe(orders), limit: maybe(fc.nat(5)), offset: maybe(fc.nat(2)) });

const aggregates: fc.Arbitrary<Aggregate> = fc.oneof(
  fc.constant<Aggregate>({ function: 'count' }),
  fc.record({ function: one('count' as const, 'countDistinct' as const), path: paths }),
  fc.record({ function: one('sum' as const, 'min' as const, 'max' as const), path: one('size', 'group.size').map((path) => path.split('.')) }),
);
export const groupings: fc.Arbitrary<GroupQuery> = fc.record({ model: fc.constant('item'), filter: filters, by: fc.array(paths, { maxLength: 2 }), aggregates: fc.array(aggregates, { maxLength: 2 }), limit: maybe(fc.nat(3)), offset: maybe(fc.nat(1)) });
