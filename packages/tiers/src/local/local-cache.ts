import type { StoredId } from '@ormolu/kernel';
import type { Bounds } from '../policies/bounded-store';
import type { PolicyName } from '../policies/policies';
import { LocalCommands, type LocalCommandsOptions, type LocalCommandsStats } from './local-commands';
import { LocalRecords, type LocalRecordsStats } from './local-records';

/** What one open database keeps of committed records and answers, in this process. */
export interface LocalCacheOptions extends Bounds {
  /** Which records leave when it is full. @defaultValue 's3fifo' */
  readonly policy?: PolicyName | undefined;
  /**
   * The answers to searches, counts and groups; false keeps none.
   * @defaultValue 10 000 answers, 16 MB
   */
  readonly commands?: LocalCommandsOptions | false | undefined;
}

/** What the local cache holds. */
export interface LocalCacheStats {
  readonly isEnabled: boolean;
  readonly records: LocalRecordsStats;
  readonly commands: LocalCommandsStats | undefined;
}

const MEGABYTE = 2 ** 20;
const RECORDS: Bounds = { maxEntries: 100_000, maxBytes: 64 * MEGABYTE };
const COMMANDS: Bounds = { maxEntries: 10_000, maxBytes: 16 * MEGABYTE };

/**
 * The local cache of one open database: the records and answers that its transactions have in common.
 *
 * Emptying it is never needed for the truth: every reader judges what it holds by what his own transaction sees.
 * @see docs/local-cache.md; OrientDB's level-1 cache, `getLocalCache()`
 */
export class LocalCache {
  readonly records: LocalRecords;
  /** Undefined when answers are not kept. */
  readonly commands: LocalCommands | undefined;
  #isEnabled = true;

  /**
   * @param options - bounds of the records; @defaultValue 100 000 records, 64 MB
   * @throws {MisuseError} TIER_BOUNDS for bounds that are none
   */
  constructor({ commands, policy, maxEntries, maxBytes }: LocalCacheOptions = {}) {
    this.records = new LocalRecords({ policy, ...(maxEntries === undefined && maxBytes === undefined ? RECORDS : { maxEntries, maxBytes }) });
    if (commands === false) return;
    const given = commands ?? {};
    this.commands = new LocalCommands({ ...(given.maxEntries === undefined && given.maxBytes === undefined ? COMMANDS : {}), ...given });
  }

  get isEnabled(): boolean {
    return this.#isEnabled;
  }

  /** Keeps nothing from now on, and forgets what it has. */
  disable(): void {
    this.#isEnabled = false;
    this.invalidate();
  }

  /** Keeps again what transactions meet, beginning with nothing. */
  enable(): void {
    if (this.#isEnabled) return;
    this.invalidate();
    this.#isEnabled = true;
  }

  /**
   * Forgets everything, all of a model with the answers that depend on it, or some records of it.
   *
   * @remarks Of a whole model: looks at everything that is kept.
   */
  invalidate(model?: string, ids?: Iterable<StoredId>): void {
    this.records.invalidate(model, ids);
    if (ids === undefined) this.commands?.invalidate(model);
  }

  stats(): LocalCacheStats {
    return { isEnabled: this.#isEnabled, records: this.records.stats(), commands: this.commands?.stats() };
  }
}
