import { OrmoluError, type EntryStamp, type GroupQuery, type Groups, type Query, type QueryCaching, type Schema, type StoredId } from '@ormolu/kernel';
import { isNews } from '../local/held-records';
import { countKey, groupKey, searchKey } from '../local/query-key';
import { countTags, groupTags, searchTags, type QueryTag } from '../local/query-tags';
import { deserialised, serializerNamed } from '../shared/serializers';
import type { FoundEntries, FoundEntry } from './entry-place';
import { epochBytes, keptFromBytes, keptToBytes, type Kept } from './kept-form';
import type { RecordCache, SharedCaches } from './record-caches';
import type { SharedMiss } from './shared-counts';
import { versionOf } from './shared-records';

/** A question whose answer may be kept: where, under which key, and what it depends on. */
export interface SharedCommand {
  readonly model: string;
  readonly cache: RecordCache;
  readonly key: string;
  readonly tags: readonly QueryTag[];
  readonly caching: QueryCaching;
  /** Of a key that was given: what it stands for. */
  readonly digest: string | undefined;
}

/** An answer that a cache has, before it is judged. */
export interface KeptAnswer {
  readonly found: FoundEntries;
  /** Why there is none to be judged. */
  readonly reason: SharedMiss | undefined;
  readonly kept: Kept | undefined;
}

const AS_MADE: QueryCaching = {};
const NO_COLUMNS = new Uint8Array();

/** The answers to questions in the shared caches. */
export class SharedAnswers {
  readonly #caches: SharedCaches;

  constructor(caches: SharedCaches) {
    this.#caches = caches;
  }

  /**
   * @returns undefined when its answer is kept nowhere, or names are wrong, which who is asked below says better
   * @throws {MisuseError} TIER_CACHE_UNKNOWN
   */
  search(schema: Schema, query: Query): SharedCommand | undefined {
    return this.#commandOf(schema, query, () => ({ key: searchKey(query), tags: searchTags(schema, query) }));
  }

  count(schema: Schema, query: Query): SharedCommand | undefined {
    return this.#commandOf(schema, { model: query.model, caching: query.caching }, () => ({ key: countKey(query), tags: countTags(schema, query) }));
  }

  group(schema: Schema, query: GroupQuery): SharedCommand | undefined {
    return this.#commandOf(schema, { model: query.model, caching: query.caching }, () => ({ key: groupKey(query), tags: groupTags(schema, query) }));
  }

  /** @remarks One round trip. */
  async look({ cache, key, tags, caching }: SharedCommand): Promise<KeptAnswer> {
    const found = await cache.place.find([key], tags.map(({ model }) => model));
    const [entry] = found.entries;
    const kept = entry && keptFromBytes(entry.bytes, key, cache.ring);
    if (!entry) return { found, kept, reason: 'not kept' };
    if (!kept || kept.kind !== 'answer') return { found, kept: undefined, reason: 'unreadable' };
    return { found, kept, reason: caching.use === 'refresh' ? 'refreshed' : isExpired(entry, caching, cache.calendar.now()) ? 'expired' : undefined };
  }

  /** What an entry says that holds for a reader. */
  read<T>(kept: Kept, { digest }: SharedCommand, isAnswer: (value: unknown) => value is T): { readonly answer: T } | 'unreadable' | 'another question' {
    try {
      const bytes = kept.payload();
      const told = bytes && deserialised(bytes, kept.form);
      if (!Array.isArray(told) || told.length !== 2) return 'unreadable';
      const [of, answer] = told as [unknown, unknown]; // two, as was looked at
      if (of !== (digest ?? null)) return 'another question';
      return isAnswer(answer) ? { answer } : 'unreadable';
    } catch {
      return 'unreadable';
    }
  }

  /** Keeps an answer where what is there knows less. @param askedAtMs - when the database was asked, by the calendar @returns whether it was news */
  async keep({ cache, key, digest, caching }: SharedCommand, { found, kept }: KeptAnswer, { stamp, answer, askedAtMs }: { readonly stamp: EntryStamp; readonly answer: unknown; readonly askedAtMs: number }): Promise<boolean> {
    if (kept?.epoch.equals(epochBytes(stamp.epoch)) === true && caching.use !== 'refresh' && !isNews(stamp, { snapshot: kept.snapshot, epoch: stamp.epoch })) return false;
    const { bytes, form } = serializerNamed(cache.format)([digest ?? null, answer]);
    const entry = keptToBytes({ key, kind: 'answer', stamp, mark: 0, form, columns: NO_COLUMNS, payload: bytes }, cache);
    await found.put([{ at: 0, bytes: entry, readAtMs: askedAtMs, ttlMs: caching.ttlMs ?? cache.ttlMs }]);
    return true;
  }

  #commandOf(schema: Schema, { model, limit, offset, caching = AS_MADE }: Pick<Query, 'model' | 'limit' | 'offset' | 'caching'>, known: () => Pick<SharedCommand, 'key' | 'tags'>): SharedCommand | undefined {
    if (caching.use === 'none') return undefined;
    const cache = this.#caches.ofAnswers(model, caching.cache);
    if (!cache) return undefined;
    try {
      const { key, tags } = known();
      if (tags.some((tag) => !cache.mayHold(schema.table(tag.model), tag.fields))) return undefined;
      // A search, a count and pages of one name are entries of their own.
      const own = caching.key === undefined ? key : `${key.slice(0, 1)}= ${String(limit ?? '*')} ${String(offset ?? 0)} ${caching.key}`;
      // A filter may hold what nobody is to read on a server.
      return { model, cache, key: `${model}:${cache.ring ? cache.ring.digest(own) : own}${versionOf(schema)}`, tags, caching, digest: caching.key === undefined ? undefined : cache.ring?.digest(key) ?? key };
    } catch (error) {
      if (OrmoluError.is(error)) return undefined;
      throw error;
    }
  }
}

function isExpired({ readAtMs }: FoundEntry, { ttlMs = 0 }: QueryCaching, now: number): boolean {
  return ttlMs > 0 && now - readAtMs >= ttlMs;
}

/** Ids in their order: the answer to a search. */
export function isIds(value: unknown): value is readonly StoredId[] {
  return Array.isArray(value) && value.every((id) => typeof id === 'number' || typeof id === 'bigint' || typeof id === 'string');
}

/** Figures by what records have in common. */
export function isGroups(value: unknown): value is Groups {
  if (typeof value !== 'object' || value === null) return false;
  const { count, keys, aggregates } = value as Readonly<Record<string, unknown>>;
  return typeof count === 'number' && isLists(keys, count) && isLists(aggregates, count);
}

function isLists(value: unknown, length: number): boolean {
  return Array.isArray(value) && value.every((list) => Array.isArray(list) && list.length === length);
}
