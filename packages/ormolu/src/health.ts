import { OrmoluError, type Schema, type Storage } from '@ormolu/kernel';
import type { CacheAlert, CacheHealth, NamedCaches } from '@ormolu/tiers';
import { types } from 'node:util';

/** How a database and its caches are, asked just now. */
export interface HealthReport {
  /** The storage answers, and so does every server of a cache. */
  readonly isHealthy: boolean;
  readonly storage: StorageHealth;
  readonly caches: readonly CacheHealth[];
}

/** Whether the storage answers. */
export interface StorageHealth {
  readonly name: string;
  readonly isUp: boolean;
  /** How long it took to say so. */
  readonly ms: number;
  /** Why it does not: the code of the error, or its message. */
  readonly problem: string | undefined;
}

/** Something about a database that should be looked at, or is well again: told once for each change. */
export type HealthAlert = (CacheAlert & { readonly cache: string }) | { readonly kind: 'storage'; readonly state: 'raised' | 'over'; readonly problem: string | undefined };

/** A storage that takes longer to answer is as good as one that does not. */
const LONGEST_MS = 5_000;

/** Asks a storage how it is. One question at a time is under way, however many want to know: of a storage that stands still, each would take another connection. */
export class StorageProbe {
  readonly #storage: Storage;
  readonly #schema: () => Schema;
  readonly #longestMs: number;
  #underWay: Promise<StorageHealth> | undefined;

  constructor(storage: Storage, schema: () => Schema, longestMs: number = LONGEST_MS) {
    this.#storage = storage;
    this.#schema = schema;
    this.#longestMs = longestMs;
  }

  /** Never fails, and does not wait for longer than five seconds. */
  async ask(): Promise<StorageHealth> {
    this.#underWay ??= storageHealth(this.#storage, this.#schema()).finally(() => {
      this.#underWay = undefined;
    });
    const [name, ms] = [this.#storage.name, this.#longestMs];
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<StorageHealth>((resolve) => {
      timer = setTimeout(() => resolve({ name, isUp: false, ms, problem: `no answer within ${String(ms / 1_000)} s` }), ms);
    });
    return Promise.race([this.#underWay, late]).finally(() => clearTimeout(timer));
  }
}

/** Asks the storage at an interval how it is, and hears what the caches have to say of themselves. */
export class DatabaseWatch {
  readonly #listeners = new Set<(alert: HealthAlert) => unknown>();
  readonly #ends: (() => void)[] = [];
  #isUp = true;

  /** @param ask - gives nothing for a database that is closed meanwhile: that is no outage */
  constructor(caches: NamedCaches, ask: () => Promise<StorageHealth | undefined>, everyMs: number) {
    for (const cache of caches.all()) this.#ends.push(cache.on('alert', (alert) => this.#tell({ cache: cache.name, ...alert })));
    if (everyMs === 0) return;
    const timer = setInterval(() => void ask().then((health) => health && this.see(health)), everyMs).unref();
    this.#ends.push(() => clearInterval(timer));
  }

  see({ isUp, problem }: StorageHealth): void {
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    this.#tell({ kind: 'storage', state: isUp ? 'over' : 'raised', problem });
  }

  /** @returns ends it */
  add(listener: (alert: HealthAlert) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#listeners.clear();
  }

  #tell(alert: HealthAlert): void {
    for (const listener of this.#listeners) {
      const failed = (error: unknown): void => {
        process.emitWarning(`A listener to the alerts of a database threw: ${String(error)}`, { code: 'TIER_LISTENER' });
      };
      try {
        const told = listener(alert);
        // One that is an async function fails later.
        if (types.isPromise(told)) told.catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  }
}

/** Asks the storage and the servers of the caches, all at once. */
export async function healthOf(probe: StorageProbe, caches: NamedCaches): Promise<HealthReport> {
  const [database, named] = await Promise.all([probe.ask(), Promise.all(caches.all().map((cache) => cache.health()))]);
  return { isHealthy: database.isUp && named.every(({ server }) => server !== 'away'), storage: database, caches: named };
}

/** Whether the storage answers a statement. */
async function storageHealth(storage: Storage, schema: Schema): Promise<StorageHealth> {
  const began = performance.now();
  const told = (problem: string | undefined): StorageHealth => ({ name: storage.name, isUp: problem === undefined, ms: performance.now() - began, problem });
  try {
    const session = await storage.open({ schema, readOnly: true });
    try {
      if (storage.capabilities.sql) await session.sql('select 1', []);
    } finally {
      await session.rollback();
    }
    return told(undefined);
  } catch (error) {
    return told(OrmoluError.is(error) ? error.code : String(error));
  }
}
