import { MisuseError, referredModel, type Aggregate, type AggregateFunction, type ColumnType, type GroupOrderTerm, type GroupQuery, type Schema } from '@ormolu/kernel';
import { resolvePath, type ResolvedPath } from '../filter/resolve-path';
import { checkBound } from '../statements/query';

/** An aggregate, its path followed; without a path it counts records. */
export interface ResolvedAggregate {
  readonly function: AggregateFunction;
  readonly resolved: ResolvedPath | undefined;
}

/** A group query whose paths have been followed and whose functions go with their types. */
export interface ResolvedGroup {
  readonly keys: readonly ResolvedPath[];
  readonly aggregates: readonly ResolvedAggregate[];
  /** Ends with the keys that are not named before. */
  readonly order: readonly GroupOrderTerm[];
}

const NUMBERS: ReadonlySet<ColumnType> = new Set<ColumnType>(['int4', 'int8', 'float8', 'numeric']);
/** Types of which every PostgreSQL since 13 knows the least and the greatest. */
const RANKED: ReadonlySet<ColumnType> = new Set<ColumnType>([...NUMBERS, 'text', 'date', 'timestamptz']);

/**
 * Says no to groups that could mean nothing, once for SQL and for memory alike.
 *
 * @throws {MisuseError} GROUP_PATH when a path leads through a list or to json, GROUP_FUNCTION when a function does not go with what it is
 * given, GROUP_ORDER when an order names a key or aggregate that is not there, QUERY_BOUND
 */
export function resolveGroup(schema: Schema, { model, by, aggregates, order = [], limit, offset }: GroupQuery): ResolvedGroup {
  if (limit !== undefined) checkBound('limit', limit);
  if (offset !== undefined) checkBound('offset', offset);
  const places = { key: by.length, aggregate: aggregates.length };
  for (const term of order) {
    const [name, place] = 'key' in term ? ['key', term.key] as const : ['aggregate', term.aggregate] as const;
    if (!Number.isInteger(place) || place < 0 || place >= places[name]) {
      throw new MisuseError('GROUP_ORDER', `Groups of model '${model}' cannot be ordered by ${name} ${String(place)}: there ${places[name] === 1 ? 'is one' : `are ${String(places[name])}`}, counted from 0.`, { details: { model } });
    }
  }
  const named = new Set(order.map((term) => 'key' in term ? term.key : undefined));
  return {
    keys: by.map((path) => resolveSingle(schema, model, path)),
    aggregates: aggregates.map((aggregate) => resolveAggregate(schema, model, aggregate)),
    order: [...order, ...[...by.keys()].filter((key) => !named.has(key)).map((key): GroupOrderTerm => ({ key, direction: 'asc' }))],
  };
}

function resolveAggregate(schema: Schema, model: string, { function: name, path }: Aggregate): ResolvedAggregate {
  const refuse = (why: string): never => {
    throw new MisuseError('GROUP_FUNCTION', `'${name}' of ${path === undefined ? 'no field' : `'${path.join('.')}'`} of model '${model}': ${why}`, { details: { model, path, function: name } });
  };
  if (path === undefined) return name === 'count' ? { function: name, resolved: undefined } : refuse('only count goes without a field. Name one.');
  const resolved = resolveSingle(schema, model, path);
  if (name === 'sum' || name === 'avg') {
    if (!NUMBERS.has(resolved.type) || resolved.column === undefined || referredModel(resolved.column) !== undefined) refuse('it takes a field of numbers. Use count, or name another field.');
  } else if (name === 'min' || name === 'max') {
    if (!RANKED.has(resolved.type)) refuse(`${resolved.type} values have no least and greatest in every database. Search with an order and limit 1 instead.`);
  }
  return { function: name, resolved };
}

function resolveSingle(schema: Schema, model: string, path: readonly string[]): ResolvedPath {
  const resolved = resolvePath(schema, model, path);
  const refuse = (why: string): never => {
    throw new MisuseError('GROUP_PATH', `Records of model '${model}' cannot be grouped or aggregated by '${path.join('.')}': ${why}`, { details: { model, path } });
  };
  if (resolved.hops.some(({ kind }) => kind === 'list')) refuse("it leads through a list, by which a record would count several times. Group the list's own model.");
  if (resolved.type === 'jsonb') refuse('json values have no order. Keep what you group by in a column of its own.');
  return resolved;
}
