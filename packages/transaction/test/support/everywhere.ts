import type { Schema, Storage } from '@ormolu/kernel';
import type { Registry } from '@ormolu/registry';
import { StorageRung } from '@ormolu/storage';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns } from '@ormolu/test-support';
import { Transaction, type TransactionOptions } from '../../src/index';
import { counted, type Opened } from './open';
import { fewTurnsBelow, turnsBelow } from './turns';

/** How a transaction begins, where a test cares; `sight`: its session looks at the change log. */
type Beginning = Partial<TransactionOptions> & { readonly sight?: boolean };

/** One storage, emptied at the beginning of every test. */
export interface Place {
  /** A transaction; it is rolled back at the end of the test unless it was committed. */
  begin(options?: Beginning): Promise<Transaction>;
  /** Empties the storage once more, for other models if they are given, and begins: what was open is rolled back before. */
  open(registry?: Registry, options?: Beginning): Promise<Opened>;
  /** The statements that a transaction sends while some work runs. */
  counting(tx: Transaction, work: () => unknown): Promise<number>;
  /**
   * How often a law runs here. What a script does to memory is found out in memory; a database costs ten times as much a script, and has only to do the
   * same: a few tens of scripts meet each statement that the engine can send.
   */
  runs(inMemory: number, inDatabases: number): number;
  /** How many turns later a call beside another comes: each number in memory, and few on a database, where most fall into the wait for one answer. */
  everyTurn(end?: number): readonly number[];
}

/** Describes the same facts on memory, PGlite and PostgreSQL. */
export function everywhere(registry: Registry, facts: (place: Place) => void): void {
  describe.each(['memory', 'PGlite', 'PostgreSQL'])('on %s', (name) => {
    let storage: Storage;
    let close: () => Promise<void>;
    let isEmpty = true;
    const begun: Transaction[] = [];
    const migrated = new Set<Registry>();

    async function migrate(models: Registry): Promise<void> {
      if (migrated.has(models)) return;
      await storage.migrate(models.schema);
      migrated.add(models);
    }

    async function clear(): Promise<void> {
      for (const tx of begun.splice(0)) await tx.rollback();
      if (isEmpty) return;
      if (name === 'memory') {
        storage = memory();
        migrated.clear();
        await migrate(registry);
      } else await empty(storage, registry.schema, ...Array.from(migrated, ({ schema }) => schema));
      isEmpty = true;
    }

    async function begin(models: Registry, { sight = false, ...options }: Beginning): Promise<Transaction> {
      isEmpty = false;
      await migrate(models);
      const tx = new Transaction({ registry: models, session: await storage.open({ schema: models.schema, sight }), rung: new StorageRung(), ...options });
      begun.push(tx);
      return tx;
    }

    beforeAll(async () => {
      const database = name === 'PostgreSQL' ? await createDatabase() : undefined;
      storage = database ? postgres(database.url) : name === 'PGlite' ? pglite() : memory();
      close = async () => {
        await storage.close();
        await database?.drop();
      };
      await migrate(registry);
    });
    beforeEach(clear);
    afterEach(async () => {
      for (const tx of begun.splice(0)) await tx.rollback();
    });
    afterAll(() => close());

    facts({
      begin: (options = {}) => begin(registry, options),
      async open(models = registry, options = {}) {
        await clear();
        const tx = await begin(models, options);
        return { tx, again: () => begin(models, options), counting: (work) => counted(tx, work) };
      },
      counting: counted,
      runs: (inMemory, inDatabases) => lawRuns(name === 'memory' ? inMemory : inDatabases),
      everyTurn: (end = 41) => (name === 'memory' ? turnsBelow : fewTurnsBelow)(end),
    });
  });
}

/** Removes every row and begins ids with 1 again. */
export async function empty(storage: Storage, schema: Schema, ...others: readonly Schema[]): Promise<void> {
  const session = await storage.open({ schema });
  const tables = new Set([schema, ...others].flatMap((one) => one.tables.map(({ table }) => `"${table}"`)));
  await session.sql(`truncate ${[...tables].join(', ')} restart identity cascade`, []);
  await session.commit();
}
