import { Cache, type CacheField, type CacheRecords } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';

/** Kinds of ids: from a sequence; whole numbers far apart; text without order. */
export type IdKind = 'dense' | 'sparse' | 'uuid';

/** Names as literals: V8 knows those of a program's source, and any that was ever a key, by address; names built at run time it does not. */
const NAMES = ['field0', 'field1', 'field2', 'field3', 'field4', 'field5', 'field6', 'field7', 'field8', 'field9'];

export const FIELDS: readonly CacheField[] = NAMES.map((name) => ({ model: 'city', name, dependsContext: [] }));
/** A field on its own, where one is enough. */
export const FIELD: CacheField = { model: 'city', name: 'field0', dependsContext: [] };

const ENV = { cacheKey: () => '' };

/** Records as an ORM has them; only `ids` differs. */
export class BenchRecords implements CacheRecords<BenchRecords> {
  readonly model: string = 'city';
  readonly ids: readonly Id[];
  readonly env: typeof ENV = ENV;

  constructor(ids: readonly Id[]) {
    this.ids = ids;
  }

  browse(ids: readonly Id[]): BenchRecords {
    return new BenchRecords(ids);
  }
}

/** Always the same numbers, so that both sides and every run see the same ids and orders. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function idsOf(kind: IdKind, count: number): Id[] {
  const next = random(7);
  const hex = (digits: number) => Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join('');
  return Array.from({ length: count }, (_, at) => {
    if (kind === 'dense') return at + 1;
    if (kind === 'sparse') return at * 1_000 + Math.floor(next() * 1_000);
    // Joined, and so one piece, as a driver gives it. A template would leave a tree of pieces, which each comparison walks again.
    return [hex(8), hex(4), hex(4), hex(4), hex(12)].join('-');
  });
}

export function shuffled<T>(items: readonly T[]): T[] {
  const next = random(11);
  const copy = [...items];
  for (let at = copy.length - 1; at > 0; at -= 1) {
    const other = Math.floor(next() * (at + 1));
    [copy[at], copy[other]] = [copy[other] as T, copy[at] as T]; // both lie inside
  }
  return copy;
}

/** The cache to compare with: a map of maps. */
export type NestedMap = Map<CacheField, Map<Id, unknown>>;

export function filledMap(ids: readonly Id[], fields: readonly CacheField[] = FIELDS): NestedMap {
  return new Map(fields.map((field, at) => [field, new Map(ids.map((id, place) => [id, place + at]))]));
}

export function filledCache(ids: readonly Id[], fields: readonly CacheField[] = FIELDS): Cache {
  const cache = new Cache();
  const records = new BenchRecords(ids);
  for (const [at, field] of fields.entries()) cache.update(records, field, ids.map((_, place) => place + at));
  return cache;
}
