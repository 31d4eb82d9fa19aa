import { allOf, condition, MisuseError, nearestName, OPERATORS, type Filter, type Operator, type OrderTerm } from '@ormolu/kernel';
import type { Field, Registry } from '@ormolu/registry';
import { resolvePath } from './paths';

/**
 * Turns a filter as users write it into the query tree, with names and values checked.
 *
 * @param filter - `{ name: 'Ghent', population: { gte: 1000 }, 'country.code': { in: ['BE'] }, or: [ … ], not: { … } }`
 * @throws {UnknownFieldError} FIELD_UNKNOWN
 * @throws {MisuseError} FILTER_INVALID for an unknown operator or a field that no column holds
 */
export function compileFilter(registry: Registry, model: string, filter: unknown): Filter {
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter)) {
    throw invalid(model, 'A filter is an object of fields, or, and not', 'write { field: value } or { field: { gte: value } }');
  }
  return allOf(Object.entries(filter).flatMap(([name, part]: [string, unknown]): Filter[] => {
    if (part === undefined) return [];
    if (name === 'or' || name === 'and') {
      if (!Array.isArray(part)) throw invalid(model, `'${name}' was not given a list`, `write ${name}: [{ … }, { … }]`);
      const parts = part.map((one) => compileFilter(registry, model, one));
      return [name === 'or' ? { kind: 'or', any: parts } : { kind: 'and', all: parts }];
    }
    if (name === 'not') return [{ kind: 'not', not: compileFilter(registry, model, part) }];
    return compileField(registry, model, name, part);
  }));
}

function compileField(registry: Registry, model: string, path: string, part: unknown): Filter[] {
  const names = path.split('.');
  const field = names.at(-1) === 'id' ? undefined : resolvePath(registry, model, path).at(-1);
  if (names.length > 1 && !field) resolvePath(registry, model, names.slice(0, -1));
  if (field && !field.isStored && !field.relation) {
    throw invalid(model, `${field.model}.${field.name} is computed and not stored, so the database cannot look for it`, 'define it with store: true, or filter the records in memory with filtered()');
  }
  if (!isComparison(part)) return [condition(names, 'eq', columnValue(field, part))];
  return Object.entries(part).map(([operator, value]: [string, unknown]) => condition(names, checkOperator(model, path, operator), comparedValue(field, operator, value)));
}

/** `{ gte: 3 }`, as opposed to a value to be equal to. */
function isComparison(part: unknown): part is Readonly<Record<string, unknown>> {
  return typeof part === 'object' && part !== null && Object.getPrototypeOf(part) === Object.prototype && !('ids' in part);
}

function checkOperator(model: string, path: string, operator: string): Operator {
  const known = OPERATORS.find((name) => name === operator);
  if (known) return known;
  const nearest = nearestName(operator, OPERATORS);
  throw invalid(model, `There is no operator '${operator}' (on '${path}')`, nearest ? `did you mean '${nearest}'?` : `use one of ${OPERATORS.join(', ')}`);
}

function comparedValue(field: Field | undefined, operator: string, value: unknown): unknown {
  if (operator === 'isNull' || operator === 'exists') return value === true;
  if (Array.isArray(value)) return value.map((one) => columnValue(field, one));
  return operator === 'like' || operator === 'ilike' || operator === 'startsWith' ? value : columnValue(field, value);
}

/** A value in the column's form; a record stands for its id. */
function columnValue(field: Field | undefined, value: unknown): unknown {
  const mayBeRecord = !field || field.relation !== undefined;
  const plain: unknown = mayBeRecord && typeof value === 'object' && value !== null && 'ids' in value && Array.isArray(value.ids) ? (value.ids[0] ?? null) : value;
  if (!field || (field.relation && field.relation.kind !== 'many2one')) return plain;
  return field.toColumn(field.toCache(plain));
}

/**
 * Turns `['country.name', '-population']` into terms of an order.
 *
 * @throws {UnknownFieldError} FIELD_UNKNOWN
 */
export function compileOrder(registry: Registry, model: string, order: readonly string[]): readonly OrderTerm[] {
  return order.map((term) => {
    const descends = term.startsWith('-');
    const path = (descends ? term.slice(1) : term).split('.');
    if (path.at(-1) !== 'id') {
      const field = resolvePath(registry, model, path).at(-1);
      if (!field?.isStored) throw invalid(model, `'${term}' is not stored, so the database cannot order by it`, 'define it with store: true, or use sorted()');
    }
    return { path, direction: descends ? 'desc' : 'asc' };
  });
}

function invalid(model: string, what: string, remedy: string): MisuseError {
  return new MisuseError('FILTER_INVALID', `${what}, in a search of ${model}: ${remedy}.`, { details: { model } });
}
