/** The comparisons a filter can make. `childOf` and `parentOf` follow the model's parent field. */
export const OPERATORS = [
  'eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'notIn', 'like', 'ilike', 'startsWith', 'childOf', 'parentOf', 'isNull', 'exists',
] as const;

export type Operator = (typeof OPERATORS)[number];

/** One comparison: the value at the end of a path of field names, against a constant of the column's form. */
export interface Condition {
  readonly kind: 'condition';
  readonly path: readonly string[];
  readonly operator: Operator;
  readonly value: unknown;
  /** Of `childOf` and `parentOf`: the many2one of the model to itself that they follow. @defaultValue the model's parent field */
  readonly along?: string | undefined;
}

/**
 * The query tree: plain data that every rung understands, with names of fields, never of columns.
 *
 * An empty `and` is true, an empty `or` is false. A path through a list holds when any record of the list fulfils it.
 */
export type Filter =
  | Condition
  | { readonly kind: 'and'; readonly all: readonly Filter[] }
  | { readonly kind: 'or'; readonly any: readonly Filter[] }
  | { readonly kind: 'not'; readonly not: Filter };

/** The filter that every record fulfils. */
export const EVERYTHING: Filter = { kind: 'and', all: [] };

/** A single comparison. */
export function condition(path: readonly string[], operator: Operator, value: unknown): Condition {
  return { kind: 'condition', path, operator, value };
}

/** All of several filters; nothing extra around a single one. */
export function allOf(filters: readonly Filter[]): Filter {
  const [only] = filters;
  return filters.length === 1 && only ? only : { kind: 'and', all: filters };
}

/** Every path a filter looks at, repeats included, in the order written. */
export function* pathsOf(filter: Filter): Generator<readonly string[]> {
  switch (filter.kind) {
    case 'condition':
      yield filter.path;
      return;
    case 'and':
      for (const part of filter.all) yield* pathsOf(part);
      return;
    case 'or':
      for (const part of filter.any) yield* pathsOf(part);
      return;
    case 'not':
      yield* pathsOf(filter.not);
  }
}
