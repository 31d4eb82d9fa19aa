import { EVERYTHING, Schema, type Session, type Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import fc from 'fast-check';
import { Client } from 'pg';
import { column } from '../src/compliance/fixture';

jest.setTimeout(120_000);

const FLOWS = [0, 1, 2];
const SCHEMA = new Schema([{ model: 'city', table: 'city', idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [], columns: [column('name', 'text')] }]);

/** What a session does, and how it ends. */
interface Turn {
  readonly does: readonly ('look' | 'read' | 'write' | 'refused' | 'savepoint')[];
  readonly ends: 'commit' | 'rollback';
  readonly isolation: Session['isolation'];
  /** Turns of the event loop between it and the next session of its flow. */
  readonly turns: number;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  does: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant('look' as const) }, fc.constantFrom('read' as const, 'write' as const, 'refused' as const, 'savepoint' as const)), { maxLength: 3 }),
  ends: fc.constantFrom('commit', 'rollback'),
  isolation: fc.constantFrom('repeatable read', 'repeatable read', 'read committed', 'serializable'),
  turns: fc.constantFrom(0, 0, 1, 20),
});

describe('connections that sessions leave', () => {
  let database: ScratchDatabase;
  let admin: Client;

  beforeAll(async () => {
    database = await createDatabase();
    admin = new Client({ connectionString: database.url });
    await admin.connect();
  });

  afterAll(async () => {
    await admin.end();
    await database.drop();
  });

  /** Sessions of one flow, which alone writes its row: what each saw of it, and how it ended. */
  async function play(storage: Storage, flow: number, turns: readonly Turn[]): Promise<readonly unknown[]> {
    const log: unknown[] = [];
    for (const { does, ends, isolation, turns: between } of turns) {
      const session = await storage.open({ schema: SCHEMA, sight: true, isolation });
      try {
        for (const what of does) {
          if (what === 'look') log.push((await session.sight?.()) !== undefined);
          else if (what === 'read') log.push((await session.read({ model: 'city', ids: [flow], fields: ['name'] })).columns[0]);
          else if (what === 'write') await session.update({ model: 'city', ids: [flow], fields: ['name'], columns: [[String(log.length)]] });
          else if (what === 'savepoint') await session.rollbackTo(await session.savepoint());
          else await session.sql('select 1 / 0', []).catch(() => log.push('refused'));
        }
        await session[ends]();
        log.push(session.state);
      } catch (error) {
        // Rows of others share its page: that is the database's to say, and not the same each time.
        if ((error as { code?: unknown }).code === 'STORAGE_SERIALIZATION') log.push('again');
        else log.push((error as { code?: unknown }).code);
      } finally {
        await session.rollback();
      }
      for (let n = 0; n < between; n += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    return log;
  }

  /** Connections of others to this database. */
  const connections = async (): Promise<readonly string[]> => (await admin.query<{ state: string }>('select state from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = \'client backend\'')).rows.map(({ state }) => state);

  /** The server takes a moment to see that one is closed. */
  const connectionsLeft = async (): Promise<readonly string[]> => {
    for (let tries = 0; (await connections()).length > 0 && tries < 1_000; tries += 1);
    return connections();
  };

  test('law: for all flows of sessions side by side on few connections, what each sees and how it ends is the same as where every connection goes back to the pool first', async () => {
    const storages = [{ max: 2 }, { max: 2, maxUses: 1_000_000 }].map((options) => postgres({ connectionString: database.url, ...options }));
    await storages[0]?.migrate(SCHEMA);
    await fc.assert(fc.asyncProperty(fc.array(fc.array(turn, { maxLength: 8 }), { minLength: FLOWS.length, maxLength: FLOWS.length }), async (flows) => {
      const logs = [];
      for (const storage of storages) {
        await admin.query('truncate city; insert into city (id, name_col) values (0, \'\'), (1, \'\'), (2, \'\')');
        logs.push(await Promise.all(FLOWS.map((flow) => play(storage, flow, flows[flow] ?? []))));
      }
      expect(logs[0]).toEqual(logs[1]);
      // Two of each pool, and two that poll.
      for (let tries = 0; (await connections()).some((state) => state !== 'idle') && tries < 1_000; tries += 1);
      const states = await connections();
      expect(states.length).toBeLessThanOrEqual(6);
      expect(new Set(states)).toEqual(new Set(['idle']));
    }), { numRuns: lawRuns(40) });
    for (const storage of storages) await storage.close();
    expect(await connectionsLeft()).toEqual([]);
  });

  test('sessions that only look, one after the other, keep to one connection, and send one message each', async () => {
    const storage = postgres(database.url);
    await storage.migrate(SCHEMA);
    const look = async (): Promise<Session> => {
      const session = await storage.open({ schema: SCHEMA, sight: true });
      expect(await session.sight?.()).toBeDefined();
      await session.commit();
      return session;
    };
    await look();
    const before = storage.statements;
    const sent = jest.spyOn(Client.prototype, 'query');
    try {
      for (let n = 0; n < 10; n += 1) expect((await look()).state).toBe('committed');
      // BEGIN, the poll, COMMIT.
      expect([sent.mock.calls.length, storage.statements - before]).toEqual([10, 30]);
      expect(await connections()).toHaveLength(1);
    } finally {
      sent.mockRestore();
    }
    const session = await storage.open({ schema: SCHEMA, sight: true });
    expect(await session.count({ model: 'city', filter: EVERYTHING })).toBe(3);
    // What it still owes goes with the storage.
    await session.commit();
    await look();
    await storage.close();
    expect(await connectionsLeft()).toEqual([]);
  });
});
