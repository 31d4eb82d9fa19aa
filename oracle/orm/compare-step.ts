import { contextKey } from '@ormolu/cache';
import type { Parts } from '../departures';
import { firstDifference } from '../difference';
import type { CallData, KeyedValues, StateData } from './scenario-data';
import type { StateView } from './view';

type Ids = Readonly<Record<string, readonly unknown[]>>;
type Values = Readonly<Record<string, unknown>>;

const STATES: ReadonlySet<string> = new Set(['state', 'enterState']);
const CALLS: ReadonlySet<string> = new Set(['calls', 'enterCalls']);

/** The form in which parts of a step are compared: states as sets and maps, calls as sets of computed records, results and rows as they are. */
export function inOneForm(parts: Parts): Parts {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => {
    if (part === undefined || part === null) return [name, part];
    if (STATES.has(name)) return [name, stateInOneForm(part)];
    return [name, CALLS.has(name) && Array.isArray(part) ? callsInOneForm(part as readonly CallData[]) : part];
  }));
}

/** A departure may say a part alone. */
function stateInOneForm(state: Partial<StateData> | Partial<StateView>): Parts {
  const { cache, tocompute, dirty } = state;
  return {
    cache: cache && Object.fromEntries(Object.entries(cache).flatMap(([field, values]) => {
      const keyed = valuesByKey(values);
      return Object.keys(keyed).length > 0 ? [[field, keyed]] : [];
    })),
    tocompute: tocompute && idSets(tocompute),
    dirty: dirty && idSets(dirty),
    protected: idSets(state.protected ?? {}),
  };
}

/** Context key → id → value, of either side: a recording has keys only where values depend on the context. */
function valuesByKey(values: readonly KeyedValues[] | Values): Readonly<Record<string, Values>> {
  const byKey: [string, Values][] = Array.isArray(values)
    ? (values as readonly KeyedValues[]).map(({ key, values: own }) => [contextKey(key), own])
    : Object.keys(values).every((key) => key.startsWith('[')) ? Object.entries(values as Readonly<Record<string, Values>>) : [[contextKey([]), values as Values]];
  return Object.fromEntries(byKey.filter(([, own]) => Object.keys(own).length > 0)
    .map(([key, own]) => [key, Object.fromEntries(Object.entries(own).map(([id, value]) => [id, asSet(value)]))]));
}

/** Lists hold the same records in whatever order. */
function asSet(value: unknown): unknown {
  return Array.isArray(value) ? sorted(value) : value;
}

function idSets(ids: Ids): Ids {
  return Object.fromEntries(Object.entries(ids).flatMap(([field, own]) => (own.length > 0 ? [[field, sorted(own)]] : [])));
}

function sorted(values: readonly unknown[]): readonly unknown[] {
  return [...values].sort((a, b) => (String(a) < String(b) ? -1 : 1));
}

/** `compute lab.order._compute_total` → ids, each once; or their number. */
function callsInOneForm(calls: readonly CallData[]): Parts {
  const byMethod: Record<string, unknown> = {};
  for (const [kind, method, ids] of calls) {
    const name = `${kind} ${method}`;
    const before = byMethod[name];
    if (typeof ids === 'number') byMethod[name] = (typeof before === 'number' ? before : 0) + ids;
    else byMethod[name] = sorted([...new Set([...(Array.isArray(before) ? (before as unknown[]) : []), ...ids])]);
  }
  return byMethod;
}

/** The first difference between two steps in that form. */
export function stepDifference(expected: Parts, actual: Parts): string | undefined {
  const { db: rows, ...others } = expected;
  const { db: ownRows, ...own } = actual;
  return firstDifference(others, own, '', isSameValue) ?? firstDifference(rows, ownRows, 'db');
}

/** No value is `false` on the recorded servers, or 0 in numbers. */
function isSameValue(expected: unknown, actual: unknown): boolean {
  return Object.is(expected, actual) || (actual === null && (expected === false || expected === 0));
}
