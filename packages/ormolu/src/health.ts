import { OrmoluError, type Schema, type Storage } from '@ormolu/kernel';
import type { CacheHealth, NamedCaches } from '@ormolu/tiers';

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

/** Asks the storage and the servers of the caches, all at once. */
export async function healthOf(storage: Storage, schema: Schema, caches: NamedCaches): Promise<HealthReport> {
  const [database, named] = await Promise.all([storageHealth(storage, schema), Promise.all(caches.all().map((cache) => cache.health()))]);
  return { isHealthy: database.isUp && named.every(({ server }) => server !== 'away'), storage: database, caches: named };
}

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
