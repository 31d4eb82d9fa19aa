import { MisuseError, nearestName, type Aggregate, type GroupOrderTerm } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { argument, assertNames } from '../check-call';
import { columnPath } from './filter';
import { prepare, ready } from './question';
import type { RecordSet } from '../records/recordset';

/** The figures that are worked out of the values of fields. */
const FIGURES = ['sum', 'avg', 'min', 'max', 'countDistinct'] as const;

type Figure = (typeof FIGURES)[number];

/** What groups are asked for. */
export type GroupOptions = {
  /** Paths along many2one fields; records with equal values at their ends are a group. Absent: all records are one. */
  readonly by?: readonly string[] | undefined;
  /** Which records count. */
  readonly filter?: unknown;
  /** The number of records, which is told in any case. */
  readonly count?: true | undefined;
  /** Paths of `by`, `count`, or a figure's name and path: `['-sum.population', 'country.name']`. Absent: by the keys. */
  readonly order?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
} & { readonly [F in Figure]?: readonly string[] | undefined };

/** A group: its keys, how many records it has, and the figures asked for, by path. */
export type Group = { readonly by: Readonly<Record<string, unknown>>; readonly count: number } & { readonly [F in Figure]?: Readonly<Record<string, unknown>> };

const OPTIONS: readonly string[] = ['by', 'filter', 'count', 'order', 'limit', 'offset', ...FIGURES];

/**
 * Groups records by what they have in common and works out figures of each group, in the database.
 *
 * Records as `search` would find them: what is pending of the fields concerned is flushed first, inactive ones are left out.
 * @throws {UnknownFieldError} FIELD_UNKNOWN, {MisuseError} FILTER_INVALID, GROUP_PATH, GROUP_FUNCTION, TX_ARGUMENT, {AccessError} TX_ACCESS
 * @remarks One statement beside the flush.
 */
export async function readGroup(set: RecordSet, options: GroupOptions): Promise<readonly Group[]> {
  checkOptions(options);
  const { env, model } = set;
  const { by = [], filter = {}, order = [], limit, offset } = options;
  const question = prepare(env, model, filter, { order: [] });
  const keys = by.map((path) => columnPath(question.looked, model, path));
  const figures = FIGURES.flatMap((name) => (options[name] ?? []).map((path) => ({ name, path, column: columnPath(question.looked, model, path) })));
  const aggregates: readonly Aggregate[] = [{ function: 'count' }, ...figures.map(({ name, column }): Aggregate => ({ function: name, path: column }))];
  const places = new Map<string, { key: number } | { aggregate: number }>([
    ['count', { aggregate: 0 }], ...figures.map(({ name, path }, place) => [`${name}.${path}`, { aggregate: place + 1 }] as const), ...by.map((path, key) => [path, { key }] as const),
  ]);
  const terms = order.map((term) => orderTerm(model, term, places));
  const { filter: found, keys: valueKeys } = await ready(question);
  const groups = await env.transaction.below.group({ model, filter: found, by: keys, aggregates, ...(terms.length > 0 ? { order: terms } : {}), limit, offset, keys: valueKeys });

  const lastOf = (column: readonly string[]): Field | undefined => question.looked.follow(model, column).last;
  const fields = by.map((_, key) => lastOf(keys[key] ?? []));
  const figureFields = figures.map(({ name, column }) => (name === 'min' || name === 'max' ? lastOf(column) : undefined));
  return Array.from({ length: groups.count }, (_, row) => {
    const own: Partial<Record<Figure, Record<string, unknown>>> = {};
    for (const [place, { name, path }] of figures.entries()) (own[name] ??= {})[path] = shown(figureFields[place], groups.aggregates[place + 1]?.[row]);
    return {
      by: Object.fromEntries(by.map((path, key) => [path, shown(fields[key], groups.keys[key]?.[row])])),
      // The first aggregate is the number of records.
      count: groups.aggregates[0]?.[row] as number,
      ...own,
    };
  });
}

/** A value as `read` gives it. */
function shown(field: Field | undefined, value: unknown): unknown {
  return field && value !== null ? field.toUser(field.fromConstant(value)) : value;
}

function orderTerm(model: string, term: string, places: ReadonlyMap<string, { key: number } | { aggregate: number }>): GroupOrderTerm {
  const descends = term.startsWith('-');
  const name = descends ? term.slice(1) : term;
  const place = places.get(name);
  if (!place) {
    const nearest = nearestName(name, places.keys());
    throw new MisuseError('GROUP_ORDER', `Groups of ${model} cannot be ordered by '${name}', which is not asked for. ${nearest ? `Did you mean '${nearest}'?` : `Use one of ${[...places.keys()].join(', ')}.`}`, { details: { model, term } });
  }
  return { ...place, direction: descends ? 'desc' : 'asc' };
}

/** An option that nobody reads would give other groups than were asked for. */
function checkOptions(options: unknown): asserts options is GroupOptions {
  if (typeof options !== 'object' || options === null) throw argument('readGroup', options, 'an object of options: { by, sum, … }');
  for (const [name, given] of Object.entries(options)) {
    if (!OPTIONS.includes(name)) {
      const nearest = nearestName(name, OPTIONS);
      throw new MisuseError('TX_ARGUMENT', `readGroup() has no option '${name}'. ${nearest ? `Did you mean '${nearest}'?` : `Options: ${OPTIONS.join(', ')}.`}`, { details: { option: name } });
    }
    if (given !== undefined && (name === 'by' || name === 'order' || FIGURES.some((figure) => figure === name))) assertNames(`readGroup({ ${name} })`, given);
  }
}
