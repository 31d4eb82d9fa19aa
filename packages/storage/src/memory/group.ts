import type { GroupQuery, Groups, Schema } from '@ormolu/kernel';
import { sumDecimals, trimmedDecimal } from '../decimal';
import { mean, sumInForm, type RawSum } from '../group/figures';
import { resolveGroup, type ResolvedAggregate } from '../group/resolve-group';
import type { ResolvedPath } from '../filter/resolve-path';
import { compareMissingLast, type Entry, type Evaluator } from './evaluate';
import { compareValues, copied, sameText } from './normal-value';

interface Group {
  readonly keys: readonly unknown[];
  readonly entries: Entry[];
}

/** Groups records in memory, with the meaning it has in SQL. */
export function groupInMemory(schema: Schema, evaluator: Evaluator, query: GroupQuery): Groups {
  const { keys, aggregates, order } = resolveGroup(schema, query);
  const groups = new Map<string, Group>();
  if (keys.length === 0) groups.set(nameOf(keys, []), { keys: [], entries: [] });
  for (const entry of evaluator.find({ model: query.model, filter: query.filter, order: [] })) {
    const values = keys.map((key) => representative(key, evaluator.valueAt(key, entry)));
    const name = nameOf(keys, values);
    const group = groups.get(name);
    if (group) group.entries.push(entry);
    else groups.set(name, { keys: values, entries: [entry] });
  }
  const made = [...groups.values()].map(({ keys: own, entries }) => ({ keys: own, figures: aggregates.map((each) => figure(evaluator, each, entries)) }));
  made.sort((a, b) => {
    for (const term of order) {
      const difference = 'key' in term
        ? compareMissingLast(keys[term.key]?.type ?? 'text', a.keys[term.key], b.keys[term.key])
        : compareFigures(a.figures[term.aggregate], b.figures[term.aggregate], aggregates[term.aggregate]);
      if (difference !== 0) return term.direction === 'asc' ? difference : -difference;
    }
    return 0;
  });
  const { offset = 0, limit } = query;
  const wanted = made.slice(offset, limit === undefined ? undefined : offset + limit);
  return {
    count: wanted.length,
    keys: keys.map(({ type }, k) => wanted.map((group) => copied(type, group.keys[k]))),
    aggregates: aggregates.map((aggregate, a) => wanted.map(({ figures }) => isOfColumn(aggregate) ? copied(aggregate.resolved?.type ?? 'text', figures[a]) : figures[a])),
  };
}

/** A text that equal lists of keys share. */
function nameOf(keys: readonly ResolvedPath[], values: readonly unknown[]): string {
  return JSON.stringify(keys.map(({ type }, k) => values[k] === null ? null : sameText(type, values[k])));
}

function representative({ type, column }: ResolvedPath, value: unknown): unknown {
  if (value === null) return null;
  if (type === 'float8') return (value as number) + 0; // -0 becomes 0
  return type === 'numeric' && column?.scale === undefined ? trimmedDecimal(value as string) : value; // as `normalValue` made it
}

function figure(evaluator: Evaluator, { function: name, resolved }: ResolvedAggregate, entries: readonly Entry[]): unknown {
  if (!resolved) return entries.length;
  const values = entries.map((entry) => evaluator.valueAt(resolved, entry)).filter((value) => value !== null);
  const { type } = resolved;
  switch (name) {
    case 'count':
      return values.length;
    case 'countDistinct':
      return new Set(values.map((value) => sameText(type, representative(resolved, value)))).size;
    case 'min': case 'max': {
      const [first = null, ...rest] = values;
      const isBetter = (order: number): boolean => name === 'min' ? order < 0 : order > 0;
      return representative(resolved, rest.reduce<unknown>((best, value) => isBetter(compareValues(type, value, best)) ? value : best, first));
    }
    case 'sum':
      return sumInForm(type, sumOf(resolved, values));
    case 'avg':
      return mean(sumOf(resolved, values), values.length);
  }
}

function sumOf({ type }: ResolvedPath, values: readonly unknown[]): RawSum {
  if (values.length === 0) return null;
  if (type === 'numeric') return sumDecimals(values as string[]); // as `normalValue` made them
  if (type === 'float8') return (values as number[]).toSorted((a, b) => a - b).reduce((sum, value) => sum + value, 0);
  return (values as (number | bigint)[]).reduce<bigint>((sum, value) => sum + BigInt(value), 0n);
}

/** Least and greatest have the form of their column; other figures are numbers of some kind. */
function isOfColumn(aggregate: ResolvedAggregate | undefined): boolean {
  return aggregate?.function === 'min' || aggregate?.function === 'max';
}

function compareFigures(a: unknown, b: unknown, aggregate: ResolvedAggregate | undefined): number {
  const type = isOfColumn(aggregate) ? aggregate?.resolved?.type ?? 'text' : typeof (a ?? b) === 'string' ? 'numeric' : 'float8';
  return compareMissingLast(type, a, b);
}
