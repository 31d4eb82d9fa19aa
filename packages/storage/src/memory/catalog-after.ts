import { VERSION_COLUMN, type Schema } from '@ormolu/kernel';
import type { FoundColumn, FoundTable } from '../migrate/catalog';
import { columnsKeyOf } from '../migrate/discard';
import { constraintName } from '../statements/identifiers';
import type { MigrationPlan } from '../migrate/plan';
import { formattedType, idType } from '../migrate/column-definition';

/** What a database would be found to hold after a migration to a schema. */
export function catalogAfter(schema: Schema, before: ReadonlyMap<string, FoundTable>, { dropped }: Pick<MigrationPlan, 'dropped'>): ReadonlyMap<string, FoundTable> {
  const after = new Map(before);
  for (const table of schema.tables) {
    const there = before.get(table.table);
    // What the schema names no more may be empty.
    const isDropped = (name: string): boolean => dropped.some((each) => each.table === table.table && each.column === name);
    const columns = new Map<string, FoundColumn>([...there?.columns ?? []].filter(([name]) => !isDropped(name)).map(([name, column]) => [name, { ...column, notNull: false }]));
    columns.set(table.idColumn, { name: table.idColumn, type: idType(table), notNull: true, generated: true });
    for (const column of table.columns) columns.set(column.column, { name: column.column, type: formattedType(column), notNull: column.required, generated: false });
    if (table.versioned) columns.set(VERSION_COLUMN.column, { name: VERSION_COLUMN.column, type: formattedType(VERSION_COLUMN), notNull: true, generated: true });
    const references = table.columns.flatMap((column) => column.references ? [{
      name: constraintName(table.table, column.column, 'fkey'), column: column.column, table: schema.table(column.references.model).table, onDelete: column.references.onDelete,
    }] : []);
    // Columns that the schema names no more keep their constraints.
    const isForgotten = (column: string): boolean => columns.has(column) && !table.columns.some((each) => each.column === column);
    after.set(table.table, {
      name: table.table,
      kind: 'table',
      columns,
      references: [...references, ...(there?.references ?? []).filter(({ column }) => isForgotten(column))],
      indexed: new Set(columns.keys()),
      unique: new Map([
        ...[...there?.unique ?? []].filter(([column]) => isForgotten(column)),
        ...table.columns.filter(({ unique }) => unique).map(({ column }): [string, string] => [column, constraintName(table.table, column, 'key')]),
      ]),
      isOurs: true,
      dropped: new Set([...there?.dropped ?? [], ...dropped.filter((each) => each.table === table.table).map(({ column }) => column)]),
      uniqueTogether: new Set((table.uniqueTogether ?? []).map((fields) => columnsKeyOf(schema, table, fields))),
      raisesVersion: table.versioned || (there?.raisesVersion ?? false),
    });
  }
  return after;
}
