import { createHash } from 'node:crypto';
import type { Aggregate, Filter, GroupQuery, OrderTerm, Query, ValueKeys } from '@ormolu/kernel';
import { valueKey } from './value-key';

/** Longer keys are kept as a digest of theirs. */
const LONGEST = 256;

/**
 * The key of a search: the same for questions that must have the same answer, whatever the order in which their conditions are written.
 *
 * What the reader's context and company change of a question is in the question by the time it comes to a rung, in its filter and keys; the
 * columns wanted beside the ids are not part of it.
 */
export function searchKey({ model, filter, order, limit, offset, keys }: Query): string {
  return short(['s', text(model), filterKey(filter), order ? orderKey(order) : '*', bound(limit), bound(offset ?? 0), valueKeysKey(keys)]);
}

/** The key of a count, which no order or bound changes. */
export function countKey({ model, filter, keys }: Query): string {
  return short(['c', text(model), filterKey(filter), valueKeysKey(keys)]);
}

/** The key of a group query. */
export function groupKey({ model, filter, by, aggregates, order, limit, offset, keys }: GroupQuery): string {
  const terms = order?.map((term) => ('key' in term ? `k${term.key}` : `a${term.aggregate}`) + term.direction);
  return short(['g', text(model), filterKey(filter), pathsKey(by), `[${aggregates.map(aggregateKey).join()}]`, terms ? `[${terms.join()}]` : '*', bound(limit), bound(offset ?? 0), valueKeysKey(keys)]);
}

/** A filter as text, in one way of the many in which it can be written. */
export function filterKey(filter: Filter): string {
  return normal(filter).key;
}

/** A filter's text; of an `and` or `or` of several parts, these, too. */
interface Normal {
  readonly key: string;
  readonly sign?: '&' | '|';
  readonly parts?: readonly Normal[];
}

function normal(filter: Filter): Normal {
  switch (filter.kind) {
    case 'condition':
      return { key: `(${text(filter.operator)} ${pathKey(filter.path)}${filter.along === undefined ? '' : ` along ${text(filter.along)}`} ${filter.operator === 'in' || filter.operator === 'notIn' ? setKey(filter.value) : valueKey(filter.value)})` };
    case 'and':
      return joined('&', filter.all);
    case 'or':
      return joined('|', filter.any);
    case 'not':
      return { key: `!${filterKey(filter.not)}` };
    default:
      // There is none of this kind, whatever the types say: the storage says so.
      return { key: `?${valueKey((filter as { readonly kind?: unknown }).kind)}` };
  }
}

/** The parts in the order of their texts, each once, those of the same kind unwrapped; a single part stands for itself. */
function joined(sign: '&' | '|', filters: readonly Filter[]): Normal {
  const parts = new Map<string, Normal>();
  for (const filter of filters) {
    const one = normal(filter);
    for (const part of one.sign === sign && one.parts ? one.parts : [one]) parts.set(part.key, part);
  }
  const [only] = parts.values();
  if (parts.size === 1 && only) return only;
  const sorted = [...parts.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  return { key: `${sign}{${sorted.map(({ key }) => key).join(' ')}}`, sign, parts: sorted };
}

function setKey(value: unknown): string {
  if (!Array.isArray(value)) return valueKey(value);
  return `{${[...new Set(value.map(valueKey))].sort().join(' ')}}`;
}

function aggregateKey({ function: name, path }: Aggregate): string {
  return `${name} ${path ? pathKey(path) : '*'}`;
}

function orderKey(order: readonly OrderTerm[]): string {
  return `[${order.map(({ path, direction }) => `${direction} ${pathKey(path)}`).join()}]`;
}

function valueKeysKey(keys: ValueKeys | undefined): string {
  return `${keysKey(keys?.company)}${keysKey(keys?.lang)}`;
}

function keysKey(keys: readonly string[] | 'any' | undefined): string {
  return keys === undefined ? '*' : keys === 'any' ? 'any' : `[${keys.map(text).join()}]`;
}

function pathsKey(paths: readonly (readonly string[])[]): string {
  return `[${paths.map(pathKey).join()}]`;
}

function pathKey(path: readonly string[]): string {
  return `[${path.map(text).join()}]`;
}

function bound(count: number | undefined): string {
  return count === undefined ? '*' : String(count);
}

function text(value: string): string {
  return JSON.stringify(value);
}

function short(parts: readonly string[]): string {
  const whole = parts.join(' ');
  return whole.length <= LONGEST ? whole : `${whole.slice(0, 1)}#${createHash('sha256').update(whole).digest('base64')}`;
}
