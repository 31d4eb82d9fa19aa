import {
  heldSessions, MisuseError, Schema, type MigrateOptions, type MigrationReport, type PlanOptions, type Session, type SessionOptions, type Storage, type StorageCapabilities, type StoredId,
} from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { Journal, type Change, type Entry } from './journal';
import { JournalledSession, replay, type JournalledHome } from './journalled-session';

/**
 * A fourth storage: a database in memory whose commits outlive the process, in a file of one line a commit.
 *
 * @param file - read when it is there, and added to
 */
export async function journalled(file: string): Promise<Storage> {
  const storage = new JournalledStorage(new Journal(file));
  for (const entry of Journal.entriesOf(file)) await storage.replay(entry);
  return storage;
}

class JournalledStorage implements Storage, JournalledHome {
  readonly name = 'journalled';
  // What a storage cannot do it says, and the suite does not ask it.
  readonly capabilities: StorageCapabilities = { concurrentSessions: true, durable: true, sql: false };
  readonly #inner = memory();
  readonly #journal: Journal;
  readonly #highest = new Map<string, number>();
  #schema = new Schema([]);

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get statements(): number {
    return this.#inner.statements;
  }

  async open(options: SessionOptions): Promise<Session> {
    return new JournalledSession(await this.#inner.open(options), this);
  }

  plan(schema: Schema, options?: PlanOptions): Promise<MigrationReport> {
    return this.#inner.plan(schema, options);
  }

  async migrate(schema: Schema, { fill, discard }: MigrateOptions = {}): Promise<MigrationReport> {
    let changes: readonly Change[] = [];
    const report = await this.#inner.migrate(schema, {
      discard,
      ...fill && { fill: async (session, added) => {
        const watched = new JournalledSession(session, this);
        await fill(watched, added);
        changes = watched.changes;
      } },
    });
    if (report.statements.length > 0) this.#journal.add({ migration: { tables: schema.tables, discard }, changes });
    return report;
  }

  async close(): Promise<void> {
    for (const session of heldSessions()) {
      // It would wait for the end of the very transaction that waits for it.
      if (session instanceof JournalledSession && session.home === this && session.state === 'open') {
        throw new MisuseError('STORAGE_CLOSE_NESTED', "Storage 'journalled' was to be closed inside a transaction of its own. Close it when the transaction is over.");
      }
    }
    await this.#inner.close();
    this.#journal.close();
  }

  newIds(model: string, count: number, schema: Schema): readonly StoredId[] | undefined {
    const { idType, table } = schema.table(model);
    if (idType !== 'integer' && idType !== 'bigint') return undefined;
    const before = this.#highest.get(table) ?? 0;
    this.#highest.set(table, before + count);
    return Array.from({ length: count }, (_, n) => (idType === 'bigint' ? BigInt(before + n + 1) : before + n + 1));
  }

  committed(changes: readonly Change[]): void {
    this.#journal.add({ changes });
  }

  /** Does again what an earlier process wrote down. */
  async replay({ migration, changes }: Entry): Promise<void> {
    if (migration) this.#schema = new Schema(migration.tables);
    for (const change of changes) {
      if (change.kind !== 'insert') continue;
      const { table } = this.#schema.table(change.model);
      for (const id of change.ids) if (typeof id !== 'string') this.#highest.set(table, Math.max(this.#highest.get(table) ?? 0, Number(id)));
    }
    if (migration) {
      await this.#inner.migrate(this.#schema, { discard: migration.discard, fill: (session) => replay(session, changes) });
      return;
    }
    const session = await this.#inner.open({ schema: this.#schema });
    await replay(session, changes);
    await session.commit();
  }
}
