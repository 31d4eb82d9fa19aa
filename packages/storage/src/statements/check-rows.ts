import { MisuseError, SameValue, type IdType, type InsertRows, type Schema, type StoredId, type TableSchema, type UpdateRows } from '@ormolu/kernel';
import { versionColumn, writableColumn } from '../record-version';
import { canonicalUuid, UUID } from '../value-forms';

/** Rows that are to be added, once it is sure that they can mean only one thing; also when there are none. @throws {MisuseError} STORAGE_ROWS_INVALID */
export function checkedInsert(schema: Schema, rows: InsertRows): InsertRows {
  const { model, count, ids, fields, columns } = rows;
  const { idType } = schema.table(model);
  for (const field of fields) writableColumn(schema, model, field);
  if (!Number.isSafeInteger(count) || count < 0) throw invalid(model, 'count is a whole number from 0 up');
  checkLengths(rows, count, { what: 'new records', columns, isOneForAllAllowed: false });
  if (ids && ids.length !== count) throw invalid(model, `${String(ids.length)} ids were given for ${String(count)} new records`);
  return ids ? { ...rows, ids: canonicalIds(idType, ids) } : rows;
}

/** Rows that are to be changed, once it is sure that they can mean only one thing; also when there are none. @throws {MisuseError} STORAGE_ROWS_INVALID */
export function checkedUpdate(schema: Schema, rows: UpdateRows): UpdateRows {
  const { model, fields, columns, expected } = rows;
  const table = schema.table(model);
  for (const field of fields) writableColumn(schema, model, field);
  const ids = canonicalIds(table.idType, rows.ids);
  checkLengths(rows, ids.length, { what: 'ids', columns, isOneForAllAllowed: true });
  checkExpected(schema, table, ids, expected);
  const differ = expected !== undefined || columns.some((values) => !(values instanceof SameValue));
  if (differ && new Set(ids).size < ids.length) throw invalid(model, 'an id was given twice, each time with values of its own');
  return ids === rows.ids ? rows : { ...rows, ids };
}

/** Ids that are to be removed, in the form the database answers them in. @throws {MisuseError} STORAGE_ROWS_INVALID */
export function checkedIds(schema: Schema, model: string, ids: readonly StoredId[], expected?: readonly (bigint | null)[]): readonly StoredId[] {
  const table = schema.table(model);
  const canonical = canonicalIds(table.idType, ids);
  checkExpected(schema, table, canonical, expected);
  return canonical;
}

/** Fields that are read, also of no record. @throws {UnknownModelError} MODEL_UNKNOWN @throws {UnknownFieldError} FIELD_UNKNOWN */
export function checkFields(schema: Schema, model: string, fields: readonly string[]): void {
  schema.table(model);
  for (const field of fields) schema.column(model, field);
}

interface Given {
  readonly what: string;
  readonly columns: readonly (readonly unknown[] | SameValue)[];
  readonly isOneForAllAllowed: boolean;
}

function checkLengths({ model, fields }: Pick<UpdateRows, 'model' | 'fields'>, count: number, { what, columns, isOneForAllAllowed }: Given): void {
  if (columns.length !== fields.length) throw invalid(model, `${String(columns.length)} columns were given for ${String(fields.length)} fields`);
  columns.forEach((values, n) => {
    if (values instanceof SameValue && isOneForAllAllowed) return;
    const length = Array.isArray(values) ? values.length : 'no';
    if (length !== count) throw invalid(model, `field '${String(fields[n])}' has ${String(length)} values for ${String(count)} ${what}`);
  });
}

function checkExpected(schema: Schema, { model }: TableSchema, ids: readonly StoredId[], expected: readonly (bigint | null)[] | undefined): void {
  if (!expected) return;
  versionColumn(schema, model);
  if (expected.length !== ids.length) throw invalid(model, `${String(expected.length)} expected versions were given for ${String(ids.length)} ids`);
}

/** uuids may be written in several ways, of which the database answers one. */
function canonicalIds(idType: IdType, ids: readonly StoredId[]): readonly StoredId[] {
  return idType === 'uuid' ? ids.map((id) => (typeof id === 'string' && UUID.test(id) ? canonicalUuid(id) : id)) : ids;
}

function invalid(model: string, why: string): MisuseError {
  return new MisuseError('STORAGE_ROWS_INVALID', `Rows of model '${model}' do not fit together: ${why}. Give one value per field and record, and each id once.`, { details: { model } });
}
