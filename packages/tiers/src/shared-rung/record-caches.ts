import { durationMs, MisuseError, type Clock, type TableSchema } from '@ormolu/kernel';
import type { NamedCache } from '../named-cache/named-cache';
import type { NamedCaches } from '../named-cache/named-caches';
import { compressAbove } from '../named-cache/second-level';
import type { SerializerName } from '../shared/serializers';
import { MemoryPlace, ServerPlace, type EntryPlace } from './entry-place';
import { KeyRing } from '../shared/key-ring';
import { RowCodec } from './row-codec';

/** Which named cache keeps the records and answers of which models: one of all, or by model, `'*'` for the others. */
export type RecordCaches = string | Readonly<Partial<Record<string, string>>>;

/** A named cache as the shared rung uses it. */
export class RecordCache {
  readonly name: string;
  readonly place: EntryPlace;
  readonly format: SerializerName;
  readonly compressAbove: number;
  readonly ring: KeyRing | undefined;
  /** 0: for ever. */
  readonly ttlMs: number;
  readonly calendar: Clock;
  readonly #codecs = new WeakMap<TableSchema, RowCodec>();

  /** @throws {MisuseError} TIER_KEYS; TIER_PACKAGE_MISSING */
  constructor(cache: NamedCache) {
    const { serializer = 'json', compress = false, keys, ttl, calendar = { now: () => Date.now() } } = cache.options;
    this.name = cache.name;
    this.place = cache.server ? new ServerPlace(cache.server) : new MemoryPlace(cache, calendar);
    this.format = serializer;
    this.compressAbove = compressAbove(compress);
    this.ring = keys && new KeyRing(keys);
    this.ttlMs = ttl === undefined ? HOUR : durationMs(ttl, 'ttl');
    this.calendar = calendar;
  }

  codecOf(table: TableSchema): RowCodec {
    let codec = this.#codecs.get(table);
    if (!codec) this.#codecs.set(table, (codec = new RowCodec(table, this.format)));
    return codec;
  }

  /** Whether some fields of a model may be kept here. */
  mayHold({ columns }: TableSchema, fields: readonly string[]): boolean {
    return this.ring !== undefined || !columns.some(({ field, sensitive }) => sensitive === true && fields.includes(field));
  }
}

/** How long an entry that nobody uses is kept, when its cache says nothing. */
const HOUR = 3_600_000;

/** The named caches that keep records and answers for all processes. */
export class SharedCaches {
  readonly #caches: NamedCaches;
  readonly #records: RecordCaches | undefined;
  readonly #known = new Map<string, RecordCache>();

  /**
   * @param records - absent: only what queries ask to be kept in a named cache is
   * @throws {MisuseError} TIER_CACHE_UNKNOWN for a name that none of the caches has
   */
  constructor(caches: NamedCaches, records: RecordCaches | undefined) {
    this.#caches = caches;
    this.#records = records;
    for (const name of typeof records === 'string' ? [records] : Object.values(records ?? {})) if (name !== undefined) this.named(name);
  }

  /** Whether anything is kept in any of them. */
  get hasAny(): boolean {
    return this.#records !== undefined || this.#caches.all().some(({ server }) => server !== undefined);
  }

  /** The cache of a model's records; undefined when it has none. */
  of(model: string): RecordCache | undefined {
    const records = this.#records;
    const name = typeof records === 'string' || records === undefined ? records : Object.hasOwn(records, model) ? records[model] : records['*'];
    return name === undefined ? undefined : this.named(name);
  }

  /** Where the answer to a question is kept that names a cache, or none. @returns undefined for caches that are in this process alone: there the local rung keeps it */
  ofAnswers(model: string, name: string | undefined): RecordCache | undefined {
    if (name === undefined) return this.of(model);
    return this.#caches.get(name).server ? this.named(name) : undefined;
  }

  /** @throws {MisuseError} TIER_CACHE_UNKNOWN */
  named(name: string): RecordCache {
    let cache = this.#known.get(name);
    if (!cache) this.#known.set(name, (cache = new RecordCache(this.#caches.get(name))));
    return cache;
  }
}

/** @throws {MisuseError} TIER_RECORDS for models that do not exist */
export function checkRecordModels(records: RecordCaches | undefined, models: ReadonlySet<string>): void {
  const unknown = typeof records === 'object' ? Object.keys(records).find((name) => name !== '*' && !models.has(name)) : undefined;
  if (unknown !== undefined) throw new MisuseError('TIER_RECORDS', `The option records names the model '${unknown}', which does not exist. Name a model, or '*' for all others.`);
}
