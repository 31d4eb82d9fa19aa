import type { Schema, Storage } from '@ormolu/kernel';

/** What PostgreSQL's own cache did for this database. */
export interface BufferHits {
  /** Blocks found in its buffers, and those it had to ask the operating system for. */
  readonly hits: number;
  readonly reads: number;
  /** 0 when it was asked for none. */
  readonly hitRatio: number;
}

/** @see Ormolu.bufferHits */
export async function bufferHitsOf(storage: Storage, schema: Schema): Promise<BufferHits | undefined> {
  if (!storage.capabilities.sql) return undefined;
  const session = await storage.open({ schema, readOnly: true });
  try {
    const [row = {}] = await session.sql('select blks_hit::float8 as hits, blks_read::float8 as reads from pg_stat_database where datname = current_database()', []);
    const [hits, reads] = [Number(row['hits'] ?? 0), Number(row['reads'] ?? 0)];
    return { hits, reads, hitRatio: hits + reads === 0 ? 0 : hits / (hits + reads) };
  } finally {
    await session.rollback();
  }
}
