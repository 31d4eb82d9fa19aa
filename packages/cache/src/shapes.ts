import type { Id } from '@ormolu/kernel';

/**
 * What tells apart the values of one field in different contexts: any value, compared as `Map` compares its keys.
 * @see contextKey, which makes one from a list of context values
 */
export type ContextKey = string | number | bigint | boolean | symbol | object;

/** A field, as the cache needs to know it. Two fields of the same model and name are the same field, whatever object they are. */
export interface CacheField {
  readonly model: string;
  readonly name: string;
  /** The context keys its value depends on; empty: one value per record. */
  readonly dependsContext: readonly string[];
  /** Whether the database keeps it, for `check`. Absent counts as true. */
  readonly stored?: boolean | undefined;
}

/** The environment of records: it says under which context key it sees a field. */
export interface CacheEnvironment {
  /** Asked only about fields whose `dependsContext` is not empty. */
  cacheKey(field: CacheField): ContextKey;
}

/** Records of one model in one environment: anything of this shape. A single record is one with one id. */
export interface CacheRecords<S = unknown> {
  readonly model: string;
  readonly ids: readonly Id[];
  readonly env: CacheEnvironment;
  /** Other records of the same model and environment. */
  browse(ids: readonly Id[]): S;
}

/** One generation of a cache: what it held from one `clear` to the next. */
export interface CacheLife {
  readonly generation: number;
  /** Whether slots and column handles taken under it hold. A `clear` ends it; undoing that brings it back. */
  readonly isCurrent: boolean;
}

/** How values are put in. */
export interface WriteOptions {
  /**
   * Whether the values differ from what is stored and have yet to be written. False leaves the marks as they are.
   * @defaultValue false
   */
  readonly dirty?: boolean | undefined;
}

/** How fetched values are put in. */
export interface InsertOptions {
  /**
   * Whether an open undo log takes the values out again. False keeps what was fetched warm after an undo.
   * @defaultValue false
   */
  readonly undoable?: boolean | undefined;
}

/** Which fields to forget, and for which ids; null or absent ids: for all. */
export type InvalidateSpec = Iterable<readonly [field: CacheField, ids?: Iterable<Id> | null | undefined]>;
