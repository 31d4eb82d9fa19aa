import { keyedValue, valuesUnderAnyKey, type ColumnSchema, type ColumnType, type Condition, type Filter, type Query, type Schema, type StoredId, type TableSchema, type ValueKeys } from '@ormolu/kernel';
import { columnTypeOfId } from '../column-types';
import { checkCondition, hierarchyOf, idsOf, unknownFilter } from '../filter/check-condition';
import { likeMatcher } from '../filter/like';
import { resolveOrder } from '../filter/resolve-order';
import { resolvePath, type Hop, type ResolvedPath } from '../filter/resolve-path';
import { compareValues, normalValue } from './normal-value';
import type { Row } from './versions';
import type { View } from './workspace';

/** A record as filters see it. */
export type Entry = readonly [id: StoredId, row: Row];

/** Evaluates filters and orders over the rows of a view, with the meaning they have in SQL. Good for one statement. */
export class Evaluator {
  readonly #schema: Schema;
  readonly #view: View;
  readonly #keys: ValueKeys | undefined;
  /** Column of a table → value → the records that hold it. */
  readonly #referring = new Map<string, Map<unknown, Entry[]>>();

  /** @param keys - which values of keyed columns count */
  constructor(schema: Schema, view: View, keys?: ValueKeys) {
    this.#schema = schema;
    this.#view = view;
    this.#keys = keys;
  }

  /** The records that fulfil a filter, in order, limit and offset left aside. */
  find(query: Query): Entry[] {
    const test = this.#test(query.model, query.filter);
    const found = [...this.#view.rows(this.#schema.table(query.model).table)].filter(test);
    const terms = resolveOrder(this.#schema, query);
    const keyed = found.map((entry) => ({ entry, keys: terms.map(({ resolved }) => this.valueAt(resolved, entry)) }));
    keyed.sort((a, b) => {
      for (const [n, { resolved, direction }] of terms.entries()) {
        const order = compareMissingLast(resolved.type, a.keys[n], b.keys[n]);
        if (order !== 0) return direction === 'asc' ? order : -order;
      }
      return 0;
    });
    return keyed.map(({ entry }) => entry);
  }

  /** The value at the end of a path that leads through many2one fields only; null where there is none. */
  valueAt(resolved: ResolvedPath, entry: Entry): unknown {
    return this.#ends(resolved, entry)[0] ?? null;
  }

  #test(model: string, filter: Filter): (entry: Entry) => boolean {
    switch (filter.kind) {
      case 'and': {
        const tests = filter.all.map((part) => this.#test(model, part));
        return (entry) => tests.every((test) => test(entry));
      }
      case 'or': {
        const tests = filter.any.map((part) => this.#test(model, part));
        return (entry) => tests.some((test) => test(entry));
      }
      case 'not': {
        const test = this.#test(model, filter.not);
        return (entry) => !test(entry);
      }
      case 'condition':
        return this.#condition(model, filter);
      default:
        throw unknownFilter(model, filter);
    }
  }

  #condition(model: string, condition: Condition): (entry: Entry) => boolean {
    const resolved = resolvePath(this.#schema, model, condition.path);
    checkCondition(condition, resolved);
    const { operator, value } = condition;
    if (resolved.endsAtList && (operator === 'isNull' || operator === 'exists')) {
      return (entry) => (this.#ends(resolved, entry).length > 0) === ((operator === 'exists') === value);
    }
    const holds = this.#comparison(condition, resolved);
    const { column } = resolved;
    if (column?.keyed && resolved.hops.length === 0 && this.#keys?.[column.keyed.by] === 'any') {
      const { keyed } = column;
      return ([, row]) => valuesUnderAnyKey(keyed, row.get(column.column)).some((value) => holds(normalValue({ type: keyed.type }, value, { model, field: column.field })));
    }
    return (entry) => this.#ends(resolved, entry).some(holds);
  }

  /** The values at the end of a path: one, or with lists on the way any number; null where a many2one refers to nothing. */
  #ends(resolved: ResolvedPath, start: Entry): readonly unknown[] {
    let entries: (Entry | undefined)[] = [start];
    for (const hop of resolved.hops) entries = entries.flatMap((entry) => this.#follow(hop, entry));
    const { column } = resolved;
    return entries.map((entry) => entry === undefined ? null : column ? this.#valueOf(entry[1], column) : entry[0]);
  }

  /** What a column holds for whoever asks. */
  #valueOf(row: Row, column: ColumnSchema): unknown {
    const stored = row.get(column.column) ?? null;
    if (!column.keyed) return stored;
    const value = keyedValue(column.keyed, stored, this.#keys);
    return normalValue({ type: column.keyed.type }, value, { model: '', field: column.field });
  }

  #follow(hop: Hop, entry: Entry | undefined): (Entry | undefined)[] {
    if (hop.kind === 'many2one') return [this.#entry(hop.to, entry && this.#valueOf(entry[1], hop.column))];
    if (entry === undefined) return [];
    const { list } = hop;
    if (list.kind === 'one2many') return this.#holders(hop.to, this.#schema.column(hop.to.model, list.inverse).column, entry[0]);
    const pairs = this.#holders(this.#schema.table(list.relation), this.#schema.column(list.relation, list.column).column, entry[0]);
    const other = this.#schema.column(list.relation, list.otherColumn).column;
    return pairs.map(([, pair]) => this.#entry(hop.to, pair.get(other)));
  }

  #entry(table: TableSchema, id: unknown): Entry | undefined {
    if (id === null || id === undefined) return undefined;
    const row = this.#view.row(table.table, id as StoredId); // a referring column holds ids
    return row && [id as StoredId, row];
  }

  /** The records whose column holds a value. */
  #holders(table: TableSchema, column: string, value: unknown): Entry[] {
    const key = `${table.table}.${column}`;
    let holders = this.#referring.get(key);
    if (!holders) {
      holders = new Map<unknown, Entry[]>();
      this.#referring.set(key, holders);
      for (const entry of this.#view.rows(table.table)) {
        const held = entry[1].get(column);
        const known = holders.get(held);
        if (known) known.push(entry);
        else holders.set(held, [entry]);
      }
    }
    return holders.get(value) ?? [];
  }

  #comparison(condition: Condition, resolved: ResolvedPath): (value: unknown) => boolean {
    const { operator, value } = condition;
    switch (operator) {
      case 'eq': case 'ne': {
        const same = sameAs(resolved, [value]);
        return operator === 'eq' ? same : (found) => !same(found);
      }
      case 'in': case 'notIn': {
        const among = sameAs(resolved, value as readonly unknown[]); // checked: a list
        return operator === 'in' ? among : (found) => !among(found);
      }
      case 'gt': case 'gte': case 'lt': case 'lte': {
        const bound = constant(resolved, value);
        if (bound === null) return () => false;
        const holds = ORDERS[operator];
        return (found) => found !== null && holds(compareValues(resolved.type, found, bound));
      }
      case 'like': case 'ilike': case 'startsWith': {
        const text = constant(resolved, value) as string; // checked: a text
        const matches = operator === 'startsWith' ? (found: string): boolean => found.startsWith(text) : likeMatcher(text, operator === 'ilike');
        return (found) => found !== null && matches(found as string); // checked: a column of texts
      }
      case 'childOf': case 'parentOf': {
        const family = this.#family(condition, resolved);
        return (found) => family.has(found);
      }
      case 'isNull': case 'exists':
        return (found) => (found === null) === ((operator === 'isNull') === value);
    }
  }

  /** The ids asked for and all below, or above, them. */
  #family({ operator, value, along }: Condition, resolved: ResolvedPath): ReadonlySet<unknown> {
    const { table, parent } = hierarchyOf(this.#schema, resolved, along);
    const family = new Set<unknown>();
    const open: (Entry | undefined)[] = idsOf(value).map((id) => this.#entry(table, normalValue({ type: columnTypeOfId(table.idType) }, id, { model: table.model, field: 'id' })));
    while (open.length > 0) {
      const entry = open.pop();
      if (!entry || family.has(entry[0])) continue;
      family.add(entry[0]);
      if (operator === 'childOf') for (const child of this.#holders(table, parent.column, entry[0])) open.push(child);
      else open.push(this.#entry(table, entry[1].get(parent.column)));
    }
    return family;
  }
}

const ORDERS = {
  gt: (order: number) => order > 0, gte: (order: number) => order >= 0, lt: (order: number) => order < 0, lte: (order: number) => order <= 0,
} as const;

/** Whether a value found is among constants; no value is among them when null is. */
function sameAs(resolved: ResolvedPath, values: readonly unknown[]): (found: unknown) => boolean {
  const wanted = values.map((value) => constant(resolved, value));
  const takesMissing = wanted.includes(null);
  if (SAME_BY_IDENTITY.has(resolved.type)) {
    const set = new Set(wanted);
    return (found) => set.has(found);
  }
  return (found) => found === null ? takesMissing : wanted.some((value) => value !== null && compareValues(resolved.type, found, value) === 0);
}

/** Types whose values are equal exactly when a Set takes them for the same. */
const SAME_BY_IDENTITY: ReadonlySet<ColumnType> = new Set<ColumnType>(['int4', 'int8', 'float8', 'bool', 'text', 'uuid', 'date']);

/** A filter's constant in the form of the column; whole numbers beyond 32 bits may be compared with an `int4`. */
function constant(resolved: ResolvedPath, value: unknown): unknown {
  if (resolved.type === 'int4' && Number.isSafeInteger(value)) return value;
  // Without the column's scale: comparing is exact, only storing rounds.
  return normalValue({ type: resolved.type }, value, { model: resolved.table.model, field: resolved.column?.field ?? 'id' });
}

/** No value counts as the greatest. */
export function compareMissingLast(type: ColumnType, a: unknown, b: unknown): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return compareValues(type, a, b);
}
