import { whyStale, type Columns, type EntryStamp, type ReadQuestion, type Schema, type Sight, type StoredId, type TableSchema } from '@ormolu/kernel';
import { isNews } from '../local/held-records';
import type { EntryWrite, FoundEntries, FoundEntry } from './entry-place';
import { epochBytes, keptFromBytes, keptToBytes, type Kept } from './kept-form';
import type { RecordCache } from './record-caches';
import { FORMATS, type DecodedRow } from './row-codec';
import type { ModelTally, SharedMiss } from './shared-counts';

/** An entry as far as it is read before it is judged. */
interface Candidate {
  readonly kept: Kept;
  readonly found: FoundEntry;
  /** It has all fields asked for, or says that there is no record. */
  readonly isUsable: boolean;
}

/** What a cache has under the keys of some records. */
export interface LookedUp {
  /** Each once, in the order of what was found. */
  readonly ids: readonly StoredId[];
  readonly found: FoundEntries;
  readonly candidates: readonly (Candidate | 'not kept' | 'unreadable')[];
  /** How many of the records have an entry that is usable, whoever may use it. */
  readonly usable: number;
}

/** The part of a question that entries answer, and the part they do not. */
export interface Shared {
  readonly ids: readonly StoredId[];
  readonly columns: readonly (readonly unknown[])[];
  /** All ids answered, those known not to exist among them. */
  readonly known: readonly StoredId[];
  readonly missing: readonly StoredId[];
  /** Why those are missing, in their order. */
  readonly reasons: readonly SharedMiss[];
  readonly stamps: ReadonlyMap<EntryStamp, readonly StoredId[]>;
  /** Entries that are old by now, as they are. */
  readonly aging: readonly Row[];
  /** Of records whose entries hold for the reader, and have other fields: their rows. */
  readonly others: ReadonlyMap<StoredId, DecodedRow>;
}

/** A record to be kept. Without a row, there is none. */
export interface Row {
  readonly id: StoredId;
  readonly row: DecodedRow | undefined;
}

/** The records of one model in one cache. */
export class SharedRecords {
  readonly #cache: RecordCache;
  readonly #table: TableSchema;
  readonly #version: string;
  readonly #tally: ModelTally;

  constructor(cache: RecordCache, schema: Schema, { model, tally }: { readonly model: string; readonly tally: ModelTally }) {
    this.#cache = cache;
    this.#table = schema.table(model);
    this.#version = versionOf(schema);
    this.#tally = tally;
  }

  /** @remarks One round trip. */
  async lookUp(ids: readonly StoredId[], fields: readonly string[]): Promise<LookedUp> {
    const unique = [...new Set(ids)];
    const keys = unique.map((id) => this.#keyOf(id));
    const found = await this.#cache.place.find(keys, [this.#table.model]);
    const candidates = found.entries.map((one, at) => (one ? this.#candidate(one, keys[at] ?? '', fields) : 'not kept'));
    return { ids: unique, found, candidates, usable: candidates.filter((one) => typeof one === 'object' && one.isUsable).length };
  }

  /** What of it holds for a reader. */
  judge({ ids, candidates }: LookedUp, sight: Sight, fields: readonly string[]): Shared {
    const columns = fields.map((): unknown[] => []);
    const answer = { ids: [] as StoredId[], columns, known: [] as StoredId[], missing: [] as StoredId[], reasons: [] as SharedMiss[], stamps: new Map<EntryStamp, StoredId[]>(), aging: [] as Row[], others: new Map<StoredId, DecodedRow>() };
    const judge = new Judge(sight, this.#table.model);
    for (const [at, id] of ids.entries()) {
      const candidate = candidates[at] ?? 'not kept';
      const told = typeof candidate === 'string' ? candidate : judge.whyStale(candidate.kept, id) ?? this.#rowOf(candidate.kept);
      if (typeof told === 'string' || typeof candidate === 'string') {
        answer.missing.push(id);
        answer.reasons.push(typeof told === 'string' ? told : 'not kept');
        continue;
      }
      const { row } = told;
      if (row && !candidate.isUsable) {
        answer.missing.push(id);
        answer.reasons.push('other fields');
        answer.others.set(id, row);
        continue;
      }
      answer.known.push(id);
      judge.note(answer.stamps, candidate.kept, id);
      if (this.#isAging(candidate, sight)) answer.aging.push({ id, row });
      if (!row) continue;
      answer.ids.push(id);
      for (const [place, field] of fields.entries()) columns[place]?.push(row.values[row.fields.indexOf(field)]);
    }
    return answer;
  }

  /**
   * Keeps rows where what is there knows less.
   *
   * @param stamp - under which they were read
   */
  async fill({ ids, found, candidates }: LookedUp, stamp: EntryStamp, rows: readonly Row[]): Promise<void> {
    const places = new Map(ids.map((id, at) => [id, at]));
    const epoch = epochBytes(stamp.epoch);
    const { ttlMs, calendar } = this.#cache;
    const readAtMs = calendar.now();
    const writes = rows.flatMap(({ id, row }): EntryWrite[] => {
      const at = places.get(id) ?? -1;
      const known = candidates[at];
      // What sees less would only be in the way of those who read next.
      if (typeof known === 'object' && known.kept.epoch.equals(epoch) && !isNews(stamp, { snapshot: known.kept.snapshot, epoch: stamp.epoch })) return [];
      return at < 0 ? [] : [{ at, bytes: this.#bytesOf(id, stamp, row), readAtMs, ttlMs }];
    });
    this.#tally.fills += writes.length;
    if (writes.length > 0) await found.put(writes);
  }

  /** Keeps rows that came with the answer to a question, or that a commit has left. @remarks Two round trips. */
  async keep(stamp: EntryStamp, rows: readonly Row[]): Promise<void> {
    if (rows.length > 0) await this.fill(await this.lookUp(rows.map(({ id }) => id), []), stamp, rows);
  }

  #candidate(found: FoundEntry, key: string, fields: readonly string[]): Candidate | 'unreadable' {
    const codec = this.#cache.codecOf(this.#table);
    const kept = keptFromBytes(found.bytes, key, this.#cache.ring);
    if (!kept || kept.kind === 'answer') return 'unreadable';
    return { kept, found, isUsable: kept.kind === 'absent' || (kept.mark === codec.mark && codec.has(kept.columns, fields)) };
  }

  #bytesOf(id: StoredId, stamp: EntryStamp, row: DecodedRow | undefined): Buffer {
    const codec = this.#cache.codecOf(this.#table);
    const { columns, bytes } = row ? codec.encode(row.fields, row.values) : NOTHING;
    return keptToBytes({ key: this.#keyOf(id), kind: row ? 'record' : 'absent', stamp, mark: codec.mark, form: FORMATS.indexOf(this.#cache.format), columns, payload: bytes }, this.#cache);
  }

  /** What an entry says that holds for a reader. */
  #rowOf(kept: Kept): { readonly row: DecodedRow | undefined } | 'unreadable' | 'another schema' {
    const codec = this.#cache.codecOf(this.#table);
    const format = FORMATS[kept.form];
    if (kept.mark !== codec.mark) return 'another schema';
    try {
      const bytes = kept.payload();
      if (!bytes || !format) return 'unreadable';
      return { row: kept.kind === 'absent' ? undefined : codec.decode({ columns: kept.columns, bytes, format }) };
    } catch {
      return 'unreadable';
    }
  }

  /** Half of its time is over, or half of what the change log still tells of has happened since. */
  #isAging({ kept, found }: Candidate, { log, snapshot }: Sight): boolean {
    const { readAtMs, ttlMs } = found;
    if (ttlMs > 0 && this.#cache.calendar.now() - readAtMs > ttlMs / 2) return true;
    const reach = snapshot.xmin - (log.extent?.since ?? 0n);
    return reach > FEW && 2n * (snapshot.xmin - kept.snapshot.xmin) > reach;
  }

  #keyOf(id: StoredId): string {
    return `${this.#table.model}:${String(id)}${this.#version}`;
  }
}

const NOTHING = { columns: new Uint8Array(), bytes: new Uint8Array() };
/** So few transactions make no entry old. */
const FEW = 1_000n;

/** What stands behind keys: processes with two versions of the models, while one takes the other's place, do not write over each other's entries. */
export function versionOf({ digest }: Schema): string {
  return `@${digest.slice(0, 4)}`;
}

/** Judges entries of one model for one reader. Many were written together: what holds of a stamp is found out once. */
class Judge {
  readonly #sight: Sight;
  readonly #model: string;
  readonly #epoch: Buffer;
  readonly #stamps = new Map<unknown, EntryStamp>();

  constructor(sight: Sight, model: string) {
    this.#sight = sight;
    this.#model = model;
    this.#epoch = epochBytes(sight.epoch);
  }

  whyStale(kept: Kept, id: StoredId): SharedMiss | undefined {
    if (!kept.epoch.equals(this.#epoch)) return 'another epoch';
    return whyStale(this.#sight, this.#stampOf(kept), [{ model: this.#model, id }]);
  }

  note(stamps: Map<EntryStamp, StoredId[]>, kept: Kept, id: StoredId): void {
    const stamp = this.#stampOf(kept);
    const ids = stamps.get(stamp);
    if (ids) ids.push(id);
    else stamps.set(stamp, [id]);
  }

  #stampOf({ snapshot }: Kept): EntryStamp {
    let stamp = this.#stamps.get(snapshot);
    if (!stamp) this.#stamps.set(snapshot, (stamp = { snapshot, epoch: this.#sight.epoch }));
    return stamp;
  }
}

/** A row with the columns that an entry true at the same moment has beside its own. */
export function joinedRow(row: DecodedRow, other: DecodedRow | undefined): DecodedRow {
  if (!other) return row;
  const more = other.fields.flatMap((field, at) => (row.fields.includes(field) ? [] : [{ field, value: other.values[at] }]));
  return { fields: [...row.fields, ...more.map(({ field }) => field)], values: [...row.values, ...more.map(({ value }) => value)] };
}

/** The rows of an answer; of what was asked for and is not among them, that there is none. */
export function rowsOf({ ids: asked, fields }: Pick<ReadQuestion, 'ids' | 'fields'>, { ids, columns }: Columns): readonly Row[] {
  const places = new Map(ids.map((id, at) => [id, at]));
  return [...new Set(asked)].map((id) => {
    const at = places.get(id);
    return { id, row: at === undefined ? undefined : { fields, values: columns.map((column) => column[at]) } };
  });
}
