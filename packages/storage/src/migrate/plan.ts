import { MisuseError, VERSION_COLUMN, type AddedField, type ColumnSchema, type PlanOptions, type Schema, type TableSchema } from '@ormolu/kernel';
import { constraintName, isNameOf, literal, quoted } from '../statements/identifiers';
import { DROPPED, MADE_BY_US, RAISE_VERSION, type FoundColumn, type FoundTable } from './catalog';
import { columnType, formattedType, holdsAlready, idDefinition, idType, widens } from './column-definition';
import { columnsKeyOf, Discards, withoutColumn } from './discard';
import { IndexNames } from './index-names';
import { cyclicReferences } from './reference-cycles';

/** What a migration will not do, because existing data would be lost or mean something else. */
export class MigrationRefusedError extends MisuseError {
  constructor(message: string, details: Readonly<Record<string, unknown>>, cause?: unknown) {
    super('STORAGE_MIGRATION_REFUSED', `${message} Nothing was changed.`, { details, cause });
  }
}

/** What brings a database to a schema, in two parts: between them, new columns may be given values. */
export interface MigrationPlan {
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** The new columns of tables that were there. */
  readonly added: readonly AddedField[];
  /** Columns that are dropped, with what is in them. */
  readonly dropped: readonly { readonly table: string; readonly column: string }[];
  /** Tables that were there and whose columns change. */
  readonly altered: ReadonlySet<string>;
}

/**
 * The statements that bring what was found to what the schema says; none when it is there already.
 *
 * Adds and widens, and drops what it was told to discard: all else that the schema does not name stays as it is.
 * @param taken - names that new indexes cannot have; none by default
 * @throws {MigrationRefusedError} STORAGE_MIGRATION_REFUSED
 */
export function planMigration(schema: Schema, found: ReadonlyMap<string, FoundTable>, { discard, taken = new Set() }: PlanOptions & { readonly taken?: ReadonlySet<string> } = {}): MigrationPlan {
  const plan: Plan = { schema, names: new IndexNames(schema, taken), discards: new Discards(schema, discard), tables: [], columns: [], required: [], indexes: [], references: [], triggers: [], added: [], dropped: [] };
  const listed = inversesOfLists(schema);
  const cyclic = cyclicReferences(schema);
  const altered = new Set<string>();
  for (const table of schema.tables) {
    const known = found.get(table.table);
    if (known && known.kind !== 'table') {
      checkView(table, known);
      continue;
    }
    const columnsBefore = plan.columns.length;
    const there = known && settleConflicts(plan, table, known);
    planTable(plan, table, there);
    if (table.versioned) planVersion(plan, table, there);
    if (plan.columns.length > columnsBefore) altered.add(table.table);
    for (const column of table.columns) {
      planIndexes(plan, { table, column, there, isListed: listed.has(`${table.model}.${column.field}`) });
      planReference(plan, { table, column, there, isCyclic: cyclic.has(`${table.model}.${column.field}`) });
    }
    for (const fields of table.uniqueTogether ?? []) planUniqueTogether(plan, table, fields, there);
  }
  return {
    before: [...plan.tables, ...plan.columns], after: [...plan.required, ...plan.indexes, ...plan.references, ...plan.triggers], added: plan.added, dropped: plan.dropped, altered,
  };
}

/** Statements by the order in which they may run: references need the tables and the unique ids of the others. */
interface Plan {
  readonly schema: Schema;
  readonly names: IndexNames;
  readonly discards: Discards;
  readonly tables: string[];
  readonly columns: string[];
  /** What records must fulfil comes when they may have got values. */
  readonly required: string[];
  readonly indexes: string[];
  readonly references: string[];
  readonly triggers: string[];
  readonly added: AddedField[];
  readonly dropped: { readonly table: string; readonly column: string }[];
}

interface Subject {
  readonly table: TableSchema;
  readonly column: ColumnSchema;
  readonly there: FoundTable | undefined;
}

function planTable(plan: Plan, table: TableSchema, there: FoundTable | undefined): void {
  if (!there) {
    const columns = [...table.columns, ...table.versioned ? [VERSION_COLUMN] : []].map((column) => `${quoted(column.column)} ${columnType(column)}${column.required ? ' not null' : ''}${column === VERSION_COLUMN ? ' default 1' : ''}`);
    plan.tables.push(`create table ${quoted(table.table)} (${[`${quoted(table.idColumn)} ${idDefinition(table)}`, ...columns].join(', ')})`);
    plan.tables.push(`comment on table ${quoted(table.table)} is ${literal(MADE_BY_US)}`);
    return;
  }
  const id = there.columns.get(table.idColumn);
  if (!id) throw new MigrationRefusedError(`Table '${table.table}' exists without the id column '${table.idColumn}' of model '${table.model}'. Name its key column with the option idColumn, or another table.`, { model: table.model });
  if (id.type !== idType(table)) throw new MigrationRefusedError(`The ids of model '${table.model}' are ${id.type} in the database and ${idType(table)} in the model. Give the model the id type the table has.`, { model: table.model });
  for (const column of table.columns) planColumn(plan, table, column, there.columns.get(column.column));
  if (there.isOurs) loosenForgotten(plan, table, there);
}

/** The version's column, and what raises it: the database itself, so that every other program's updates count too. */
function planVersion(plan: Plan, { model, table }: TableSchema, there: FoundTable | undefined): void {
  const name = quoted(VERSION_COLUMN.column);
  const found = there?.columns.get(VERSION_COLUMN.column);
  if (found && (found.type !== formattedType(VERSION_COLUMN) || !found.notNull)) {
    throw new MigrationRefusedError(`Column '${VERSION_COLUMN.column}' of model '${model}' is ${found.notNull ? found.type : 'without value in places'} in the database, and it is where a versioned model keeps its version. Rename it.`, { model });
  }
  if (there && !found) plan.columns.push(`alter table ${quoted(table)} add column ${name} bigint not null default 1`);
  if (there?.raisesVersion) return;
  const trigger = quoted(RAISE_VERSION);
  if (plan.triggers.length === 0) {
    plan.triggers.push(`create or replace function ${trigger}() returns trigger language plpgsql as $$ begin new.${name} := old.${name} + 1; return new; end $$`);
  }
  if (there) plan.triggers.push(`drop trigger if exists ${trigger} on ${quoted(table)}`);
  plan.triggers.push(`create trigger ${trigger} before update on ${quoted(table)} for each row execute function ${trigger}()`);
}

/** A required field that the model has no more would keep every new record out; its column stays, and may be empty. */
function loosenForgotten(plan: Plan, table: TableSchema, there: FoundTable): void {
  const named = new Set([table.idColumn, ...table.columns.map(({ column }) => column)]);
  for (const { name, notNull, generated } of there.columns.values()) {
    if (notNull && !generated && !named.has(name)) plan.columns.push(`alter table ${quoted(table.table)} alter column ${quoted(name)} drop not null`);
  }
}

/** Refuses what would lose values, or drops it where that was asked for. @returns the table as it is then */
function settleConflicts(plan: Plan, table: TableSchema, there: FoundTable): FoundTable {
  plan.discards.check(table, there);
  let left = there;
  const drop = (column: string): void => {
    plan.columns.push(`alter table ${quoted(table.table)} drop column ${quoted(column)}`);
    plan.dropped.push({ table: table.table, column });
    left = withoutColumn(left, column);
  };
  for (const column of plan.discards.forgotten(table, there)) {
    drop(column);
    remember(plan, table.table, column);
  }
  for (const column of table.columns) {
    const conflict = conflictOf(plan.schema, table, column, there);
    if (conflict === undefined) continue;
    if (!plan.discards.has(table, column.field)) {
      throw new MigrationRefusedError(`${conflict} Give the field another column and copy what you want to keep, or let the migration discard its values: discard: ['${table.model}.${column.field}'].`, { model: table.model, field: column.field });
    }
    drop(column.column);
  }
  return left;
}

/** Keeps the name of a dropped column, so that the same migration may run again. */
function remember(plan: Plan, table: string, column: string): void {
  const memory = `create table if not exists ${quoted(DROPPED)} (table_name text not null, column_name text not null, primary key (table_name, column_name))`;
  if (!plan.columns.includes(memory)) plan.columns.push(memory);
  plan.columns.push(`insert into ${quoted(DROPPED)} values (${literal(table)}, ${literal(column)}) on conflict do nothing`);
}

/** Why a column cannot keep its values. */
function conflictOf(schema: Schema, { model }: TableSchema, column: ColumnSchema, there: FoundTable): string | undefined {
  const found = there.columns.get(column.column);
  if (!found) return undefined;
  const field = `Field '${column.field}' of model '${model}'`;
  if (!holdsAlready(column, found.type) && !widens(column, found.type)) return `${field} is ${found.type} in the database, and the model wants ${columnType(column)}: values could be lost or mean something else.`;
  const target = column.references && schema.table(column.references.model).table;
  const known = there.references.find((reference) => reference.column === column.column);
  return known && target !== undefined && known.table !== target ? `${field} refers to table '${known.table}' in the database, and to '${target}' in the model.` : undefined;
}

function planColumn(plan: Plan, table: TableSchema, column: ColumnSchema, there: FoundColumn | undefined): void {
  const alter = `alter table ${quoted(table.table)}`;
  const name = quoted(column.column);
  if (!there) {
    plan.columns.push(`${alter} add column ${name} ${columnType(column)}`);
    plan.added.push({ model: table.model, field: column.field });
    if (column.required) plan.required.push(`${alter} alter column ${name} set not null`);
    return;
  }
  if (!holdsAlready(column, there.type)) plan.columns.push(`${alter} alter column ${name} type ${columnType(column)}`);
  if (column.required && !there.notNull) plan.required.push(`${alter} alter column ${name} set not null`);
  if (!column.required && there.notNull) plan.columns.push(`${alter} alter column ${name} drop not null`);
}

function planIndexes(plan: Plan, { table, column, there, isListed }: Subject & { readonly isListed: boolean }): void {
  const on = quoted(table.table);
  const found = there?.unique.get(column.column);
  const isKeyOurs = found !== undefined && isNameOf(found, table.table, column.column, 'key');
  if (!column.unique && isKeyOurs) plan.indexes.push(`alter table ${on} drop constraint ${quoted(found)}`);
  if (column.unique) {
    if (found !== undefined) return;
    // Deferrable constraints look when the statement is done, others at each row: so two records can swap their values.
    plan.indexes.push(`alter table ${on} add constraint ${quoted(plan.names.of(table.table, [column.column], 'key'))} unique (${quoted(column.column)}) deferrable`);
  } else if ((column.index || isListed) && !leadsUnique(table, column) && (there?.indexed.has(column.column) !== true || isKeyOurs)) {
    plan.indexes.push(`create index ${quoted(plan.names.of(table.table, [column.column], 'idx'))} on ${on} (${quoted(column.column)})`);
  }
}

/** A unique index that begins with the column finds its records too. */
function leadsUnique({ uniqueTogether = [] }: TableSchema, { field }: ColumnSchema): boolean {
  return uniqueTogether.some(([first]) => first === field);
}

function planUniqueTogether(plan: Plan, table: TableSchema, fields: readonly string[], there: FoundTable | undefined): void {
  if (there?.uniqueTogether.has(columnsKeyOf(plan.schema, table, fields)) === true) return;
  const columns = fields.map((field) => plan.schema.column(table.model, field).column);
  // An index and no deferrable constraint, so that an insert can leave out what is there already.
  plan.indexes.push(`create unique index ${quoted(plan.names.of(table.table, columns, 'key'))} on ${quoted(table.table)} (${columns.map(quoted).join(', ')})`);
}

const ON_DELETE = { restrict: 'no action', cascade: 'cascade', 'set null': 'set null' } as const;

function planReference(plan: Plan, { table, column, there, isCyclic }: Subject & { readonly isCyclic: boolean }): void {
  const { references } = column;
  const known = there?.references.find((reference) => reference.column === column.column);
  const alter = `alter table ${quoted(table.table)}`;
  if (!references) {
    // As with what is no longer unique: our own goes, and what somebody else has put there stays.
    if (known && isNameOf(known.name, table.table, column.column, 'fkey')) plan.references.push(`${alter} drop constraint ${quoted(known.name)}`);
    return;
  }
  const target = plan.schema.table(references.model);
  if (known) {
    if (known.onDelete === references.onDelete) return;
    plan.references.push(`${alter} drop constraint ${quoted(known.name)}`);
  }
  // NO ACTION, not RESTRICT: it looks when the statement is done, so that records that refer to each other can be removed together.
  plan.references.push(`${alter} add constraint ${quoted(constraintName(table.table, column.column, 'fkey'))} foreign key (${quoted(column.column)}) references ${quoted(target.table)} (${quoted(target.idColumn)}) on delete ${ON_DELETE[references.onDelete]}${isCyclic ? ' deferrable' : ''}`);
}

/** A view is read as it is, when it has what the model wants. */
function checkView(table: TableSchema, there: FoundTable): void {
  const missing = [table.idColumn, ...[...table.columns, ...table.versioned ? [VERSION_COLUMN] : []].map(({ column }) => column)].filter((column) => !there.columns.has(column));
  if (missing.length > 0) throw new MigrationRefusedError(`'${table.table}' of model '${table.model}' is a view, and lacks ${missing.map((column) => `'${column}'`).join(', ')}. Add them to the view by hand.`, { model: table.model, missing });
}

/** The columns that lists are read by, relation tables included. */
function inversesOfLists(schema: Schema): ReadonlySet<string> {
  const columns = new Set<string>();
  for (const { lists } of schema.tables) {
    for (const list of lists) {
      if (list.kind === 'one2many') columns.add(`${list.model}.${list.inverse}`);
      else columns.add(`${list.relation}.${list.column}`).add(`${list.relation}.${list.otherColumn}`);
    }
  }
  return columns;
}
