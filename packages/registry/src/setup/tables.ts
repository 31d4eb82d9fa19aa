import type { ColumnSchema, ColumnType, IdType, ListSchema, TableSchema } from '@ormolu/kernel';
import type { Field } from '../field';
import { columnOfIds } from '../field-kinds/relations';
import type { Model } from '../model';
import { snakeCase } from '../naming';

/** A model's table, and the relation tables of its many2many fields. An abstract model has none. */
export function tablesOf(model: Model, idTypeOf: (model: string) => IdType): readonly TableSchema[] {
  if (model.abstract) return [];
  const fields = [...model.fields.values()];
  const table: TableSchema = {
    model: model.name, table: model.table, idColumn: model.idColumn, idType: model.idType, order: model.order, versioned: model.versioned,
    ...(model.parent === undefined ? {} : { parent: model.parent }),
    columns: fields.flatMap((field): ColumnSchema[] => (field.isStored && field.columnType ? [columnOf(field, field.columnType)] : [])),
    lists: fields.flatMap(listsOf),
  };
  return [table, ...fields.flatMap((field) => relationTable(field, idTypeOf))];
}

/** The name of a field's column. */
export function columnName(field: Field): string {
  return field.options.column ?? snakeCase(field.name);
}

function columnOf(field: Field, type: ColumnType): ColumnSchema {
  const { relation, options } = field;
  const isReference = relation !== undefined && field.keyedBy === undefined;
  return {
    field: field.name,
    column: columnName(field),
    type,
    // A computed value is written after its row, unless it is computed before: until then the column holds nothing.
    required: field.isRequired && (field.compute === undefined || field.isPrecomputed) && field.keyedBy === undefined,
    unique: options.unique ?? false,
    // Deleting and following lists both look for the rows that refer to a record.
    index: options.index ?? isReference,
    ...(field.scale === undefined ? {} : { scale: field.scale }),
    ...(field.keyedColumn ? { keyed: field.keyedColumn } : {}),
    ...(field.isPrefetched ? {} : { apart: true }),
    ...(options.sensitive === true ? { sensitive: true } : {}),
    ...(isReference ? { references: { model: relation.comodel, onDelete: relation.onDelete ?? 'set null' } } : {}),
  };
}

function listsOf(field: Field): ListSchema[] {
  const { relation } = field;
  if (!relation || relation.kind === 'many2one' || !field.isPersistent) return [];
  if (relation.kind === 'one2many') return [{ field: field.name, kind: 'one2many', model: relation.comodel, inverse: relation.inverseName ?? '' }];
  const { relationModel = '', column = '', otherColumn = '' } = relation;
  return [{ field: field.name, kind: 'many2many', model: relation.comodel, relation: relationModel, column, otherColumn }];
}

/** The pairs of a many2many. A pair goes with either of its records. */
function relationTable(field: Field, idTypeOf: (model: string) => IdType): TableSchema[] {
  const { relation } = field;
  if (relation?.kind !== 'many2many' || !field.isPersistent) return [];
  const { relationModel = '', column = '', otherColumn = '', comodel } = relation;
  const side = (name: string, model: string): ColumnSchema => ({
    field: name, column: name, type: columnOfIds(idTypeOf(model)), required: true, unique: false, index: true, references: { model, onDelete: 'cascade' },
  });
  return [{
    model: relationModel, table: relationModel, uniqueTogether: [[column, otherColumn].sort()], idColumn: 'id', idType: 'integer', lists: [], order: [{ path: ['id'], direction: 'asc' }], versioned: false,
    // In one order, whichever side the table comes from.
    columns: [side(column, field.model), side(otherColumn, comodel)].sort((a, b) => (a.column < b.column ? -1 : 1)),
  }];
}
