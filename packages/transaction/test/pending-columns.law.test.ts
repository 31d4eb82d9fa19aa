import { defineModels, integer } from '@ormolu/registry';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { groupByFields, rowsOf, type PendingColumn, type PendingRows } from '../src/flushing/pending-columns';

const registry = defineModels({ thing: { a: integer(), b: integer(), c: integer() } }).registry();
const fields = ['a', 'b', 'c'].map((name) => registry.field('thing', name));

/** Which records have something pending: the same of every field, or of each its own. */
const ids = fc.uniqueArray(fc.nat({ max: 6 }));
const pending = fc.oneof(
  fc.tuple(ids, fc.nat({ max: 3 })).map(([all, count]) => fields.slice(0, count).map((field): PendingColumn => columnOf(field, all))),
  fc.array(ids, { maxLength: 3 }).map((lists) => lists.flatMap((own, place) => fields[place] ? [columnOf(fields[place], own)] : [])),
);

function columnOf(field: PendingColumn['field'], own: readonly number[]): PendingColumn {
  return { field, ids: own, values: own.map((id) => `${field.name} of ${String(id)}`) };
}

function cellsOf(rows: readonly PendingRows[]): readonly string[] {
  return rows.flatMap(({ ids: own, columns }) => columns.flatMap(({ field, values }) => own.map((id, place) => String([id, field.name, values[place]])))).sort();
}

/** What the statements write, cell by cell; and which fields each has, which no other has. */
function written(rows: readonly PendingRows[]): unknown {
  const statements = rows.filter(({ ids: own }) => own.length > 0).map(({ columns }) => columns.map(({ field }) => field.name).join(' '));
  return { cells: cellsOf(rows), statements: statements.sort() };
}

test('law: of fields of which one is unique, the same cells are written, once each, and those of the unique one in one statement', () => {
  const own = defineModels({ thing: { a: integer({ unique: true }), b: integer(), c: integer() } }).registry();
  fc.assert(fc.property(pending, (columns) => {
    const mixed = columns.map((column) => ({ ...column, field: own.field('thing', column.field.name) }));
    const rows = rowsOf(mixed);
    expect(cellsOf(rows)).toEqual(cellsOf(groupByFields(mixed)));
    expect(rows.filter(({ columns: some }) => some.some(({ field, ids: of }) => field.name === 'a' && of.length > 0)).length).toBeLessThanOrEqual(1);
    // The unique field costs one statement more at most.
    expect(rows.length).toBeLessThanOrEqual(groupByFields(mixed).length + 1);
  }), { numRuns: lawRuns(300) });
});

test('law: pending columns that need not be taken apart give the rows that the plain way gives', () => {
  fc.assert(fc.property(pending, (columns) => {
    expect(written(rowsOf(columns))).toEqual(written(groupByFields(columns)));
  }), { numRuns: lawRuns(300) });
});
