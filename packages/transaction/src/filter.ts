import { allOf, condition, MisuseError, nearestName, OPERATORS, typeName, type Filter, type Operator, type OrderTerm } from '@ormolu/kernel';
import type { Field, Registry } from '@ormolu/registry';
import { assertNames } from './check-call';
import { resolvePath } from './paths';

/** As deep as filters may be nested: the database's own parser has a limit, far beyond it. */
const MAX_DEPTH = 200;

/**
 * Turns a filter as users write it into the query tree, with names and values checked.
 *
 * @param filter - `{ name: 'Ghent', population: { gte: 1000 }, 'country.code': { in: ['BE'] }, or: [ … ], not: { … } }`
 * @throws {UnknownFieldError} FIELD_UNKNOWN
 * @throws {MisuseError} FILTER_INVALID for an unknown operator or a field that no column holds
 */
export function compileFilter(registry: Registry, model: string, filter: unknown, depth = 0): Filter {
  if (depth > MAX_DEPTH) throw invalid(model, `A filter is nested deeper than ${String(MAX_DEPTH)} levels, or contains itself`, 'put alternatives side by side, in one list of or or and');
  // Maps, dates and records are objects without fields of a filter, and would find everything.
  if (Object.prototype.toString.call(filter) !== '[object Object]' || typeof filter !== 'object' || filter === null || isRecords(filter)) {
    throw invalid(model, 'A filter is an object of fields, or, and not', 'write { field: value } or { field: { gte: value } }');
  }
  return allOf(Object.entries(filter).flatMap(([name, part]: [string, unknown]): Filter[] => {
    // Left out, it would find everything: what was meant to be one record's id must not become all.
    if (part === undefined) throw invalid(model, `'${name}' is undefined`, 'leave it out, or ask for null where there is nothing');
    if (name === 'or' || name === 'and') {
      if (!Array.isArray(part)) throw invalid(model, `'${name}' was not given a list`, `write ${name}: [{ … }, { … }]`);
      const parts = part.map((one) => compileFilter(registry, model, one, depth + 1));
      return [name === 'or' ? { kind: 'or', any: parts } : { kind: 'and', all: parts }];
    }
    if (name === 'not') return [{ kind: 'not', not: compileFilter(registry, model, part, depth + 1) }];
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
  const at = { registry, model, path, field };
  if (!isComparison(part)) return [condition(names, 'eq', columnValue(at, part))];
  if (Object.keys(part).length === 0) throw invalid(model, `'${path}' has no comparison`, 'leave it out, or write { eq: value }');
  return Object.entries(part).map(([operator, value]: [string, unknown]) => condition(names, checkOperator(model, path, operator), comparedValue(at, operator, value)));
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

/** Where in a filter a value stands. */
interface Place {
  readonly registry: Registry;
  readonly model: string;
  readonly path: string;
  /** Undefined of an id. */
  readonly field: Field | undefined;
}

function comparedValue(at: Place, operator: string, value: unknown): unknown {
  if (operator === 'isNull' || operator === 'exists') {
    if (typeof value !== 'boolean') throw invalid(at.model, `'${operator}' of '${at.path}' is ${typeName(value)}`, 'write true or false');
    return value;
  }
  if (Array.isArray(value)) return value.map((one) => columnValue(at, one));
  return operator === 'like' || operator === 'ilike' || operator === 'startsWith' ? value : columnValue(at, value);
}

/** A value in the column's form; a record stands for its id. */
function columnValue(at: Place, value: unknown): unknown {
  const { field } = at;
  const plain: unknown = isRecords(value) && (!field || field.relation) ? idOf(at, value) : value;
  if (!field || (field.relation && field.relation.kind !== 'many2one')) return plain;
  return field.toColumn(field.toCache(plain));
}

function idOf({ registry, model, path, field }: Place, records: { readonly ids: readonly unknown[]; readonly model?: unknown }): unknown {
  const names = path.split('.');
  const expected = field?.relation?.comodel ?? resolvePath(registry, model, names.slice(0, -1)).at(-1)?.relation?.comodel ?? model;
  if (records.model !== expected) throw invalid(model, `'${path}' is compared with a record of ${String(records.model)}`, `give one of ${expected}`);
  if (records.ids.length > 1) throw invalid(model, `'${path}' is compared with ${String(records.ids.length)} records`, 'write { in: records.ids }');
  return records.ids[0] ?? null;
}

function isRecords(value: unknown): value is { readonly ids: readonly unknown[]; readonly model?: unknown } {
  return typeof value === 'object' && value !== null && 'ids' in value && Array.isArray(value.ids);
}

/**
 * Turns `['country.name', '-population']` into terms of an order.
 *
 * @throws {UnknownFieldError} FIELD_UNKNOWN
 */
export function compileOrder(registry: Registry, model: string, order: readonly string[]): readonly OrderTerm[] {
  assertNames('order', order);
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
