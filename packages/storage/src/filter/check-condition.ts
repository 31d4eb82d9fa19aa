import { MisuseError, OPERATORS, referredModel, type ColumnSchema, type ColumnType, type Condition, type Filter, type Schema, type TableSchema } from '@ormolu/kernel';
import type { ResolvedPath } from './resolve-path';

const ORDERED: ReadonlySet<ColumnType> = new Set<ColumnType>(['text', 'uuid', 'int4', 'int8', 'float8', 'numeric', 'bool', 'date', 'timestamptz', 'bytea']);

/**
 * Says no to conditions that could mean nothing, before any storage looks at them.
 *
 * @throws {MisuseError} FILTER_OPERATOR when the operator does not go with the field's type
 * @throws {MisuseError} FILTER_VALUE when the value is not of the operator's form
 * @throws {MisuseError} FILTER_INVALID when there is no such operator
 */
export function checkCondition({ path, operator, value }: Condition, { table, column, type }: ResolvedPath): void {
  const name = path.join('.');
  const refuse = (code: string, why: string): never => {
    throw new MisuseError(code, `A filter uses '${operator}' on '${name}' of model '${table.model}': ${why}`, { details: { model: table.model, path, operator } });
  };
  switch (operator) {
    case 'eq': case 'ne':
      return;
    case 'gt': case 'gte': case 'lt': case 'lte':
      if (!ORDERED.has(type)) refuse('FILTER_OPERATOR', `${type} values have no order. Compare for equality, or keep what you search by in a column of its own.`);
      return;
    case 'in': case 'notIn':
      if (!Array.isArray(value)) refuse('FILTER_VALUE', 'it takes a list of values. Use eq or ne for a single one.');
      return;
    case 'like': case 'ilike': case 'startsWith':
      if (type !== 'text') refuse('FILTER_OPERATOR', `it looks into texts, and the field is ${type}.`);
      if (typeof value !== 'string') refuse('FILTER_VALUE', 'it takes a text.');
      else if (operator !== 'startsWith' && endsInEscape(value)) refuse('FILTER_VALUE', 'the pattern ends in a backslash that escapes nothing. Write two for a backslash itself.');
      return;
    case 'childOf': case 'parentOf':
      if (column !== undefined && referredModel(column) === undefined) refuse('FILTER_OPERATOR', 'it follows records, and the field holds none. Use it on id or on a relation.');
      return;
    case 'isNull': case 'exists':
      if (typeof value !== 'boolean') refuse('FILTER_VALUE', 'it takes true or false.');
      return;
    default:
      refuse('FILTER_INVALID', `there is no such operator. Those there are: ${OPERATORS.join(', ')}.`);
  }
}

/** A filter of a kind that there is not, whatever the types say. */
export function unknownFilter(model: string, filter: never): MisuseError {
  const kind: unknown = (filter as Partial<Filter> | null | undefined)?.kind;
  return new MisuseError('FILTER_INVALID', `A filter on model '${model}' is ${typeof kind === 'string' ? `of kind '${kind}', which there is not` : 'no filter'}. Its parts are of kind and, or, not or condition.`, { details: { model } });
}

/**
 * The table whose hierarchy `childOf` and `parentOf` follow at the end of a path, and its parent column.
 *
 * @param along - the field that leads up, when it is not the model's parent field
 * @throws {MisuseError} FILTER_OPERATOR when the model names no parent field
 */
export function hierarchyOf(schema: Schema, { table, column }: ResolvedPath, along?: string): { readonly table: TableSchema; readonly parent: ColumnSchema } {
  const referred = column && referredModel(column);
  const followed = referred === undefined ? table : schema.table(referred);
  const up = along ?? followed.parent;
  if (up === undefined) {
    throw new MisuseError('FILTER_OPERATOR', `Model '${followed.model}' has no hierarchy for childOf and parentOf to follow. Give it the option parent: the field that holds a record's parent.`, { details: { model: followed.model } });
  }
  return { table: followed, parent: schema.column(followed.model, up) };
}

/** The values of `childOf` and `parentOf`: one id or several. */
export function idsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function endsInEscape(pattern: string): boolean {
  const backslashes = /\\*$/.exec(pattern)?.[0].length ?? 0;
  return backslashes % 2 === 1;
}
