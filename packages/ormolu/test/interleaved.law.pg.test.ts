import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import fc from 'fast-check';
import { Client } from 'pg';
import { memory, pglite, postgres, type Storage } from '../src/index';
import { Interleaved, models, works, type Elsewhere } from './support/interleaved';

describe('transactions beside another connection', () => {
  let scratch: ScratchDatabase;
  let other: Client;
  const played: { readonly name: string; readonly sides: Interleaved }[] = [];

  beforeAll(async () => {
    scratch = await createDatabase();
    other = new Client({ connectionString: scratch.url });
    await other.connect();
    // A row that the transaction holds is left alone, and nobody waits for it.
    await other.query("set lock_timeout = '5ms'");
    const bySql: Elsewhere = async (id, { name, size, label }) => {
      try {
        await other.query('update item set name = $1, size = $2, label = $3 where id = $4', [name, size, label, id]);
        return true;
      } catch (error) {
        if ((error as { readonly code?: string }).code === '55P03') return false;
        throw error;
      }
    };
    const inMemory = memory();
    played.push({ name: 'PostgreSQL', sides: await Interleaved.open(postgres(scratch.url), bySql) });
    played.push({ name: 'PGlite', sides: await Interleaved.open(pglite(), undefined) });
    played.push({ name: 'memory', sides: await Interleaved.open(inMemory, besides(inMemory)) });
  });

  afterAll(async () => {
    for (const { sides } of played) await sides.close();
    await other.end();
    await scratch.drop();
  });

  test.each(['memory', 'PGlite', 'PostgreSQL'])('law: for all scripts of transactions, savepoints, rollbacks, bulk writes and commits from elsewhere, memory shows what is true and no write is lost, on %s', async (name) => {
    const sides = played.find((each) => each.name === name)?.sides;
    await fc.assert(fc.asyncProperty(works, async (script) => sides?.play(script)), { numRuns: lawRuns(80) });
  });
});

/** A session of its own on the same database in memory. */
function besides(storage: Storage): Elsewhere {
  return async (id, { name, size, label }) => {
    const session = await storage.open({ schema: models.registry().schema });
    try {
      await session.update({ model: 'item', ids: [id], fields: ['name', 'size', 'label'], columns: [[name], [size], [label]] });
      await session.commit();
      return true;
    } catch (error) {
      if ((error as { readonly code?: string }).code === 'STORAGE_LOCKED') return false;
      throw error;
    } finally {
      await session.rollback();
    }
  };
}
