import type { CheckedFilter } from './filters';
import type { EndOf, PathsOf } from './paths';
import type { IdOf, Shape } from './shape';
import type { PlainValue } from './values';

/** The figures that are worked out of the values of fields. */
type Figure = 'sum' | 'avg' | 'min' | 'max' | 'countDistinct';

/** What groups are asked for, before it is checked. */
export type GroupAsk = {
  /** Paths along many2one fields. @defaultValue none: all records are one group */
  readonly by?: readonly string[];
  /** Which records count. @defaultValue all that a search finds */
  readonly filter?: unknown;
  /** The number of records, which is told in any case. */
  readonly count?: true;
  /** Paths of `by`, `count`, or a figure's name and path; descending with a minus before them. @defaultValue by the keys */
  readonly order?: readonly string[];
  readonly limit?: number;
  readonly offset?: number;
} & { readonly [F in Figure]?: readonly string[] };

/** The paths asked for under a name. */
type Asked<O, K extends string> = O extends { readonly [X in K]: readonly (infer P extends string)[] } ? P : never;

type Terms<O> = Asked<O, 'by'> | 'count' | { [F in Figure]: `${F}.${Asked<O, F>}` }[Figure];

/** Groups whose paths, filter and order are checked one by one. */
export type CheckedGroups<S extends Shape, N extends string, O> = {
  readonly [K in keyof O]:
    K extends 'by' | Figure ? (O[K] extends readonly string[] ? PathsOf<S, N, O[K]> : never)
    : K extends 'filter' ? CheckedFilter<S, N, O[K]>
    : K extends 'order' ? readonly (Terms<O> | `-${Terms<O>}`)[]
    : K extends keyof GroupAsk ? GroupAsk[K] : never;
};

type ValueAt<S extends Shape, N extends string, P extends string> =
  EndOf<S, N, P> extends { readonly model: infer M extends string; readonly field: infer T } ? (T extends 'id' ? IdOf<S, M> : PlainValue<S, M, T>) : unknown;

/** Sums of whole numbers are whole, of decimals exact; the mean of whole numbers is a number. */
type FigureOf<F, V> = F extends 'countDistinct' ? number : F extends 'avg' ? (V extends bigint ? number : V) | null : V | null;

/** A group: its keys, how many records it has, and the figures asked for, by path. */
export type GroupOf<S extends Shape, N extends string, O> = {
  readonly by: { readonly [P in Asked<O, 'by'>]: ValueAt<S, N, P> | null };
  readonly count: number;
} & { readonly [F in Figure & keyof O]: { readonly [P in Asked<O, F>]: FigureOf<F, NonNullable<ValueAt<S, N, P>>> } };
