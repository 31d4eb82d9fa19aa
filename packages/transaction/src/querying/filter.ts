import { allOf, condition, MisuseError, nearestName, NewId, OPERATORS, typeName, type Condition, type Filter, type Operator, type OrderTerm } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { assertNames } from '../check-call';
import { comparison, holdsForMissing, isRecords } from './constants';
import type { LookedAt } from './looked-at';
import { refuseUnfinished } from '../running/unfinished';
import { isList } from '../values';

/** As deep as filters may be nested: the database's own parser has a limit, far beyond it. */
const MAX_DEPTH = 200;

/** A filter on the records at the end of a path through lists, any of which must fulfil it as a whole. */
export interface Within {
  readonly kind: 'within';
  readonly path: readonly string[];
  readonly model: string;
  readonly filter: Asked;
}

/** The query tree, in which filters on records of a list may still have to be answered by themselves. */
export type Asked =
  | Condition
  | Within
  | { readonly kind: 'and'; readonly all: readonly Asked[] }
  | { readonly kind: 'or'; readonly any: readonly Asked[] }
  | { readonly kind: 'not'; readonly not: Asked };

/**
 * Turns a filter as users write it into the query tree, with names and values checked. Related fields become the paths they show;
 * computed fields that are not stored, what their search methods say.
 *
 * @param filter - `{ name: 'Ghent', population: { gte: 1000 }, 'country.code': { in: ['BE'] }, or: [ … ], not: { … } }`
 * @throws {UnknownFieldError} FIELD_UNKNOWN
 * @throws {FieldValueError} FIELD_VALUE_INVALID
 * @throws {MisuseError} FILTER_INVALID for an unknown operator or a field that no column holds and no search method finds
 */
export function compileFilter(looked: LookedAt, model: string, filter: unknown): Asked {
  return new Compiler(looked).filter(model, filter);
}

class Compiler {
  readonly #looked: LookedAt;
  /** The fields whose search methods are being followed. */
  readonly #searching: Field[] = [];

  constructor(looked: LookedAt) {
    this.#looked = looked;
  }

  filter(model: string, filter: unknown, depth = 0): Asked {
    if (depth > MAX_DEPTH) throw invalid(model, `A filter is nested deeper than ${String(MAX_DEPTH)} levels, or contains itself`, 'put alternatives side by side, in one list of or or and');
    // Maps, dates and records are objects without fields of a filter, and would find everything.
    if (Object.prototype.toString.call(filter) !== '[object Object]' || typeof filter !== 'object' || filter === null || isRecords(filter)) {
      throw invalid(model, 'A filter is an object of fields, or, and, not', 'write { field: value } or { field: { gte: value } }');
    }
    return all(Object.entries(filter).flatMap(([name, part]: [string, unknown]): Asked[] => {
      // Left out, it would find everything: what was meant to be one record's id must not become all.
      if (part === undefined) throw invalid(model, `'${name}' is undefined`, 'leave it out, or ask for null where there is nothing');
      if (name === 'or' || name === 'and') {
        if (!Array.isArray(part)) throw invalid(model, `'${name}' was not given a list`, `write ${name}: [{ … }, { … }]`);
        const parts = part.map((one) => this.filter(model, one, depth + 1));
        return [name === 'or' ? { kind: 'or', any: parts } : { kind: 'and', all: parts }];
      }
      if (name === 'not') return [{ kind: 'not', not: this.filter(model, part, depth + 1) }];
      if (!isComparison(part)) return [this.#condition(model, name, 'eq', part)];
      if (Object.keys(part).length === 0) throw invalid(model, `'${name}' has no comparison`, 'leave it out, or write { eq: value }');
      return Object.entries(part).map(([operator, value]: [string, unknown]) => this.#condition(model, name, checkOperator(model, name, operator), value));
    }));
  }

  #condition(model: string, path: string, operator: Operator, value: unknown): Asked {
    // As for a field: what was meant to be a value must not be taken for none.
    if (value === undefined || (Array.isArray(value) && value.includes(undefined))) throw invalid(model, `'${operator}' of '${path}' is undefined, or a list with undefined in it`, 'leave it out, or ask for null where there is nothing');
    const { names, fields, last } = this.#looked.follow(model, path.split('.'));
    const broken = (last ? fields.slice(0, -1) : fields).find((field) => !field.isPersistent);
    if (broken) throw invalid(model, `'${path}' leads through ${broken.toString()}, which is computed and not stored`, `${toStore(broken)}filter the records in memory with filtered()`);
    if (operator === 'childOf' || operator === 'parentOf') this.#lookAtParents(last?.relation?.comodel ?? fields.at(-1)?.relation?.comodel ?? model);
    if ((operator === 'isNull' || operator === 'exists') && typeof value !== 'boolean') throw invalid(model, `'${operator}' of '${path}' is ${typeName(value)}`, 'write true or false');
    if (!last || last.isPersistent) {
      refuseOtherRecords(model, path, { expected: (last ?? fields.at(-1))?.relation?.comodel ?? (last ? undefined : model), operator, value });
      return comparison(names, last, operator, value);
    }
    return this.#under(model, { names: names.slice(0, -1), hops: fields.slice(0, -1), last }, { operator, value });
  }

  /** What a search method says of a field, on the records at the end of a path. */
  #under(model: string, { names, hops, last }: { names: readonly string[]; hops: readonly Field[]; last: Field }, asked: { operator: Operator; value: unknown }): Asked {
    const inner = this.#searched(model, last, asked);
    if (names.length === 0) return inner;
    // Where the path leads to no record there is no value either, whatever the search method makes of the fields of a record.
    const holds = holdsForMissing(asked);
    if (inner.kind === 'condition' && holdsForMissing(inner) === holds) return { ...inner, path: [...names, ...inner.path] };
    const found: Asked = hops.every(isToOne)
      ? { kind: 'and', all: [condition(names, 'isNull', false), prefixed(names, inner)] }
      : { kind: 'within', path: names, model: last.model, filter: inner };
    return holds && hops.slice(-1).every(isToOne) ? { kind: 'or', any: [condition(names, 'isNull', true), found] } : found;
  }

  #searched(model: string, field: Field, { operator, value }: { operator: Operator; value: unknown }): Asked {
    if (!field.search) {
      throw invalid(model, `${field.toString()} is computed and not stored, so the database cannot look for it`, `${toStore(field)}give it a search method, or filter the records in memory with filtered()`);
    }
    if (this.#searching.includes(field)) {
      throw invalid(model, `The search method of ${field.toString()} leads back to itself, by way of ${this.#searching.map(String).join(', ')}`, 'let it return a filter on stored fields');
    }
    this.#searching.push(field);
    try {
      // What a search method takes was checked where it was defined.
      const found = field.search(operator as never, value as never);
      refuseUnfinished(found, `The search method of ${field.toString()}`, { model: field.model, field: field.name });
      return this.filter(field.model, found);
    } finally {
      this.#searching.pop();
    }
  }

  #lookAtParents(model: string): void {
    const { parent } = this.#looked.registry.model(model);
    if (parent !== undefined) this.#looked.look(this.#looked.registry.field(model, parent));
  }
}

/** What to do first about a field that is not stored, if it can be: a list that is computed cannot. */
function toStore(field: Field): string {
  return isList(field) ? '' : 'define it with store: true, or ';
}

/** Records of another model have ids, too, and several are none. */
function refuseOtherRecords(model: string, path: string, { expected, operator, value }: { expected: string | undefined; operator: Operator; value: unknown }): void {
  for (const records of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
    const draft = isRecords(records) ? records.ids.find((id) => id instanceof NewId) : records instanceof NewId ? records : undefined;
    if (draft !== undefined) throw new MisuseError('TX_DRAFT_UNSAVED', `'${path}' is compared with the draft ${String(draft)}, in a search of ${model}: the database knows no drafts. Save it first, and give the record that save() returned.`, { details: { model, path, id: draft } });
    if (expected === undefined || !isRecords(records)) continue;
    if (records.model !== expected) throw invalid(model, `'${path}' is compared with a record of ${String(records.model)}`, `give one of ${expected}`);
    if (records.ids.length > 1 && (records !== value || !TAKES_SEVERAL.has(operator))) throw invalid(model, `'${path}' is compared with ${String(records.ids.length)} records`, 'write { in: records }');
  }
}

const TAKES_SEVERAL: ReadonlySet<Operator> = new Set<Operator>(['in', 'notIn', 'childOf', 'parentOf']);

function isToOne({ relation }: Field): boolean {
  return relation?.kind === 'many2one';
}

/** All of several; nothing extra around a single one. */
function all(parts: readonly Asked[]): Asked {
  const [only] = parts;
  return parts.length === 1 && only ? only : { kind: 'and', all: parts };
}

/** The same filter, on the records at the end of a path. */
function prefixed(path: readonly string[], filter: Asked): Asked {
  switch (filter.kind) {
    case 'condition': case 'within':
      return { ...filter, path: [...path, ...filter.path] };
    case 'and':
      return { kind: 'and', all: filter.all.map((part) => prefixed(path, part)) };
    case 'or':
      return { kind: 'or', any: filter.any.map((part) => prefixed(path, part)) };
    case 'not':
      return { kind: 'not', not: prefixed(path, filter.not) };
  }
}

/** The query tree, when the records of every list have been found. @param find - gives the ids of a model's records that fulfil a filter */
export async function answerLists(filter: Asked, find: (model: string, filter: Filter) => Promise<readonly unknown[]>): Promise<Filter> {
  switch (filter.kind) {
    case 'condition':
      return filter;
    case 'within':
      return condition(filter.path, 'in', await find(filter.model, await answerLists(filter.filter, find)));
    case 'and':
      return allOf(await answerEach(filter.all, find));
    case 'or':
      return { kind: 'or', any: await answerEach(filter.any, find) };
    case 'not':
      return { kind: 'not', not: await answerLists(filter.not, find) };
  }
}

async function answerEach(parts: readonly Asked[], find: Parameters<typeof answerLists>[1]): Promise<readonly Filter[]> {
  const answered: Filter[] = [];
  for (const part of parts) answered.push(await answerLists(part, find));
  return answered;
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

/**
 * Turns `['country.name', '-population']` into terms of an order.
 *
 * @throws {UnknownFieldError} FIELD_UNKNOWN
 * @throws {MisuseError} FILTER_INVALID for a field that no column holds
 */
export function compileOrder(looked: LookedAt, model: string, order: readonly string[]): readonly OrderTerm[] {
  assertNames('order', order);
  return order.map((term) => {
    const descends = term.startsWith('-');
    return { path: columnPath(looked, model, descends ? term.slice(1) : term), direction: descends ? 'desc' : 'asc' };
  });
}

/** A path to a column, for an order or a group. @throws {MisuseError} FILTER_INVALID */
export function columnPath(looked: LookedAt, model: string, path: string): readonly string[] {
  const { names, fields } = looked.follow(model, path.split('.'));
  if (fields.some((field) => !field.isPersistent)) throw invalid(model, `'${path}' is not stored, so the database cannot order or group by it`, 'define it with store: true, or use sorted() and grouped()');
  return names;
}

function invalid(model: string, what: string, remedy: string): MisuseError {
  return new MisuseError('FILTER_INVALID', `${what}, in a search of ${model}: ${remedy}.`, { details: { model } });
}
