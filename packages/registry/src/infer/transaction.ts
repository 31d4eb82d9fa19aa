import type { ChangeRow, Id, Session } from '@ormolu/kernel';
import type { Field } from '../field';
import type { Registry } from '../registry';
import type { EnvironmentIn } from './environment';
import type { RecordMembers } from './records';
import type { FieldName, ModelName, Shape } from './shape';

/** Fields, each of all records or of some. */
export type FieldSpec = Iterable<readonly [field: Field, ids?: Iterable<Id> | undefined]>;

/** What user code sees of the transaction it works in. */
export interface TransactionMembers<in out S extends Shape> {
  readonly session: Session;
  readonly state: string;
  /** The version of the models it works with. */
  readonly registry: Registry;
  /** The environments that somebody still holds. */
  readonly envs: Iterable<EnvironmentIn<S>>;
  readonly cache: CacheMembers;
  /** Pairs shielded from recomputation. */
  readonly protected: ProtectedMembers;
  /** Pending computations. */
  readonly tocompute: ToComputeMembers;
  /** Pending writes: model → id → field name → value in the cache's form. */
  readonly towrite: ReadonlyMap<string, ReadonlyMap<Id, ReadonlyMap<string, unknown>>>;
  readonly precommit: HookMembers;
  readonly postcommit: HookMembers;
  readonly prerollback: HookMembers;
  readonly postrollback: HookMembers;
  /** Finishes pending computations, then writes pending updates; of some fields when they are named. */
  flush(spec?: FieldSpec): Promise<void>;
  /** Forgets everything in memory, what is pending included. */
  clear(): void;
  /** Takes the newest version of the models and forgets everything in memory. Records taken before keep the old version. */
  reset(): Promise<void>;
  savepoint(): Promise<SavepointMembers>;
  savepoint<T>(work: () => Promise<T> | T, options?: { readonly flush?: boolean }): Promise<T>;
  /** Shields fields of some records from recomputation while a function runs, or until the promise it returns is settled. */
  protecting<N extends ModelName<S>, T>(fields: readonly FieldName<S, N>[], records: RecordMembers<S, N>, fn: () => T): T;
  /** Says from memory why a value is what it is; its history when the transaction was opened with `explain: true`. */
  explain<N extends ModelName<S>>(record: RecordMembers<S, N>, field: FieldName<S, N>): ExplanationMembers;
}

/** A change that a computed value follows. */
export interface CauseMembers {
  readonly model: string;
  readonly field: string;
  readonly ids: readonly Id[];
  /** How those records' value came to be, as far as it was recorded. */
  readonly origin: OriginName | undefined;
}

/** How a value came to be. `followed`: a list that changed with the other side of its relation, or a reference emptied by an unlink; `restored`: a rollback brought it back. */
export type OriginName = 'fetched' | 'assigned' | 'created' | 'computed' | 'followed' | 'restored';

/** Why a value is what it is. */
export interface ExplanationMembers {
  readonly model: string;
  readonly id: Id;
  readonly field: string;
  /** As memory has it; undefined when it is not there. A relation is an id or a list of ids. */
  readonly value: unknown;
  /** How it stands to the database. */
  readonly state: 'not in memory' | 'to be computed' | 'to be written' | 'as stored' | 'in memory only' | 'absent';
  /** What made the value that is in memory; undefined when it is not there or nobody recorded it. */
  readonly origin: OriginName | undefined;
  /** The changes that had it computed, or will. */
  readonly causes: readonly CauseMembers[];
  /** All that was recorded about it, the oldest first. */
  readonly history: readonly (OriginName | 'marked')[];
  /** The statement that it was fetched with, parameters apart. */
  readonly statement?: string | undefined;
  /** Who answered when it was fetched. */
  readonly rung?: string | undefined;
  /** Of a value that a cache answered: the snapshot it was read under, and the rows of the change log that were looked at to judge it; of a named cache, which. */
  readonly entry?: { readonly snapshot: string; readonly log: readonly ChangeRow[]; readonly cache?: string | undefined } | undefined;
  /** Fields whose change may yet turn out to concern it: who depends on them is not known before a flush, or until it is read. */
  readonly pendingTriggers: readonly string[];
  /** Whether it is shielded from recomputation now. */
  readonly isProtected: boolean;
  /** Whether it has a column of its own. */
  readonly isStored: boolean;
  /** The paths its compute reads, as written; undefined when it is not computed. */
  readonly depends: readonly string[] | undefined;
  /** How many records are fetched with this one. */
  readonly prefetched: number;
  /** The version of the models. */
  readonly registryVersion: number;
  /** Whether the transaction was opened with `explain: true`. */
  readonly isRecorded: boolean;
  /** The same in sentences. It contains the value: mind where it goes. */
  toString(): string;
}

/** A savepoint to be ended by hand: rolls back at the end of an `await using` block unless it was released. */
export interface SavepointMembers extends AsyncDisposable {
  release(): Promise<void>;
  rollback(): Promise<void>;
}

/** An ordered queue of functions for one point of a transaction's life. */
export interface HookMembers {
  readonly size: number;
  /** Where several callers of one hook gather what it works on. */
  readonly data: Map<string, unknown>;
  add(hook: () => unknown): void;
  /** Runs what waits, in order. */
  run(): Promise<void>;
  clear(): void;
}

/** Field → ids, as a stack of maps. */
export interface ProtectedMembers {
  readonly depth: number;
  get(field: Field): ReadonlySet<Id> | undefined;
  keys(): ReadonlySet<Field>;
}

/** Field → ids. */
export interface ToComputeMembers extends Iterable<[Field, Iterable<Id>]> {
  /** How many fields have pending records. */
  readonly size: number;
  has(field: Field, id: Id): boolean;
  get(field: Field): readonly Id[];
}

/** Any records, as the cache takes them. */
export interface CachedRecords {
  readonly model: string;
  readonly ids: readonly Id[];
}

/** The transaction's cache: values as they are kept. What is pending is not considered here. */
export interface CacheMembers {
  contains(record: CachedRecords, field: Field): boolean;
  get(record: CachedRecords, field: Field, fallback?: unknown): unknown;
  getMissingIds(records: CachedRecords, field: Field): Iterable<Id>;
  invalidate(spec?: FieldSpec): void;
  /** Compares the cached values of columns, pending ones aside, with the database. */
  check(env: object): Promise<void>;
  /** Figures of the whole cache, of each model and of each field. Walks over columns, not over values. */
  stats(): CacheStatsMembers;
}

/** Figures of one field, one model or the whole cache. */
export interface CacheFiguresMembers {
  /** Values asked for and found, or not, since the last `clear`. Reads of properties are not counted. */
  readonly hits: number;
  readonly misses: number;
  /** Values held now, in all contexts, and of these, those that wait to be written. */
  readonly values: number;
  readonly dirty: number;
  /** Bytes held, estimated. */
  readonly bytes: number;
}

/** Figures of a cache, also per model and field. */
export interface CacheStatsMembers extends CacheFiguresMembers {
  readonly models: Readonly<Record<string, CacheFiguresMembers & { readonly records: number; readonly fields: Readonly<Record<string, CacheFiguresMembers>> }>>;
}
