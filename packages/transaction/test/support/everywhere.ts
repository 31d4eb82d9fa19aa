import type { Schema, Storage } from '@ormolu/kernel';
import type { Registry } from '@ormolu/registry';
import { StorageRung } from '@ormolu/storage';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase } from '@ormolu/test-support';
import { Transaction, type TransactionOptions } from '../../src/index';

/** One storage, emptied at the beginning of every test. */
export interface Place {
  /** A transaction; it is rolled back at the end of the test unless it was committed. @param options - `sight`: its session looks at the change log */
  begin(options?: Partial<TransactionOptions> & { readonly sight?: boolean }): Promise<Transaction>;
  /** The statements that a transaction sends while some work runs. */
  counting(tx: Transaction, work: () => unknown): Promise<number>;
}

/** Describes the same facts on memory, PGlite and PostgreSQL. */
export function everywhere(registry: Registry, facts: (place: Place) => void): void {
  const { schema } = registry;
  describe.each(['memory', 'PGlite', 'PostgreSQL'])('on %s', (name) => {
    let storage: Storage;
    let close: () => Promise<void>;
    const begun: Transaction[] = [];

    beforeAll(async () => {
      if (name === 'memory') return;
      const database = name === 'PostgreSQL' ? await createDatabase() : undefined;
      storage = database ? postgres(database.url) : pglite();
      close = async () => {
        await storage.close();
        await database?.drop();
      };
      await storage.migrate(schema);
    });
    beforeEach(async () => {
      if (name === 'memory') {
        storage = memory();
        await storage.migrate(schema);
      } else await empty(storage, schema);
    });
    afterEach(async () => {
      for (const tx of begun.splice(0)) await tx.rollback();
    });
    afterAll(async () => {
      if (name !== 'memory') await close();
    });

    facts({
      async begin({ sight = false, ...options } = {}) {
        const tx = new Transaction({ registry, session: await storage.open({ schema, sight }), rung: new StorageRung(), ...options });
        begun.push(tx);
        return tx;
      },
      async counting(tx, work) {
        const before = tx.session.statements;
        await work();
        return tx.session.statements - before;
      },
    });
  });
}

/** Removes every row and begins ids with 1 again. */
export async function empty(storage: Storage, schema: Schema): Promise<void> {
  const session = await storage.open({ schema });
  await session.sql(`truncate ${schema.tables.map(({ table }) => `"${table}"`).join(', ')} restart identity cascade`, []);
  await session.commit();
}
