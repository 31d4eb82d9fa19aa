import { channels, EVERYTHING, Schema, type StatementEvent, type Storage } from '@ormolu/kernel';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase } from '@ormolu/test-support';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { column } from '../src/compliance/fixture';

const SCHEMA = new Schema([{ model: 'city', table: 'city', idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [], columns: [column('name', 'text')] }]);
const BATCH = 250;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void; // what the flag exposes

/** Runs work and gives the text and row count of every statement in it. */
async function statementsOf(work: () => Promise<void>): Promise<StatementEvent[]> {
  const events: StatementEvent[] = [];
  const listener = (event: unknown): number => events.push(event as StatementEvent);
  subscribe(channels.statement.name, listener);
  try {
    await work();
  } finally {
    unsubscribe(channels.statement.name, listener);
  }
  return events;
}

describe.each([['pglite', 20_000], ['postgres', 100_000]] as const)('a large result on %s', (name, count) => {
  let storage: Storage;
  let drop: () => Promise<void> = () => Promise.resolve();

  beforeAll(async () => {
    if (name === 'pglite') {
      storage = pglite();
    } else {
      const database = await createDatabase();
      storage = postgres(database.url);
      drop = () => database.drop();
    }
    await storage.migrate(SCHEMA);
    const session = await storage.open({ schema: SCHEMA });
    await session.insert({ model: 'city', count, fields: ['name'], columns: [Array.from({ length: count }, (_, n) => `city ${n}`)] });
    await session.commit();
  });

  afterAll(async () => {
    await storage.close();
    await drop();
  });

  test('crosses a batch at a time, and only the batch in hand is held', async () => {
    let seen = 0;
    let mostHeld = 0;
    const batches: WeakRef<object>[] = [];
    const statements = await statementsOf(async () => {
      const session = await storage.open({ schema: SCHEMA });
      for await (const { ids, columns } of session.stream({ model: 'city', filter: EVERYTHING, fields: ['name'] }, { batchSize: BATCH })) {
        seen += ids.length;
        for (const values of [ids, ...columns]) batches.push(new WeakRef(values));
        if (batches.length % 40 !== 0) continue;
        // A weak reference holds until the turn of the event loop is over.
        await new Promise((resolve) => setImmediate(resolve));
        collectGarbage();
        mostHeld = Math.max(mostHeld, batches.filter((batch) => batch.deref() !== undefined).length);
      }
      await session.commit();
    });
    expect(seen).toBe(count);
    expect(Math.max(...statements.map(({ rows }) => rows))).toBe(BATCH);
    // The one of this round and, where the engine still keeps it in a frame, the one before: two arrays each.
    expect(mostHeld).toBeGreaterThan(0);
    expect(mostHeld).toBeLessThanOrEqual(4);
  });
});
