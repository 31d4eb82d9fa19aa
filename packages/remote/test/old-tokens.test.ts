import { EVERYTHING, Schema, type Storage, type TableSchema } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { serve, type RemoteServer } from '@ormolu/remote';

const TABLE: TableSchema = {
  model: 'ormolu.remote.commit', table: 'ormolu_remote_commits', idColumn: 'token', idType: 'text', lists: [], order: [], versioned: false, aside: true,
  columns: [{ field: 'at', column: 'at', type: 'timestamptz', required: true, unique: false, index: true }],
};
const schema = new Schema([TABLE]);
const HOUR = 3_600_000;

let deletions: number[] = [];
let openings = 0;

/** A storage that tells of the tokens that are deleted, and how many at once. */
function watched(): Storage {
  const storage = memory();
  const open = storage.open.bind(storage);
  [deletions, openings] = [[], 0];
  storage.open = async (options) => {
    openings += 1;
    const session = await open(options);
    const remove = session.delete.bind(session);
    session.delete = (model, ids, expected) => {
      deletions.push(ids.length);
      return remove(model, ids, expected);
    };
    return session;
  };
  return storage;
}

/** Tokens of commits of so many hours ago. */
async function note(storage: Storage, count: number, hours: number): Promise<void> {
  await storage.migrate(schema);
  const session = await storage.open({ schema });
  const at = new Date(Date.now() - hours * HOUR);
  await session.insert({ model: TABLE.model, count, ids: Array.from({ length: count }, (_, n) => `${hours} ${n}`), fields: ['at'], columns: [Array.from({ length: count }, () => at)] });
  await session.commit();
}

async function counted(storage: Storage): Promise<number> {
  const session = await storage.open({ schema });
  try {
    return await session.count({ model: TABLE.model, filter: EVERYTHING });
  } finally {
    await session.rollback();
  }
}

/** Lets what does not wait for time come to its end. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => { setImmediate(resolve); });
}

/** A server whose hours pass when a test says so. */
function servedByHours(storage: Storage, faults: unknown[] = []): Promise<RemoteServer> {
  jest.useFakeTimers({ doNotFake: ['Date', 'setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask', 'hrtime', 'performance'] });
  return serve({ storage }, { port: 0, onFault: (error) => faults.push(error) });
}
afterEach(() => { jest.useRealTimers(); });

test('a server that finds very many old tokens does not wait until it has forgotten them, and never has them all in its hands', async () => {
  const storage = watched();
  await note(storage, 35_000, 25);
  await note(storage, 3, 23);
  const server = await servedByHours(storage);
  expect(deletions).toEqual([10_000]);
  await settled();
  expect(deletions).toEqual([10_000, 10_000, 10_000, 5_000]);
  expect(await counted(storage)).toBe(3);
  await server.close();
  await storage.close();
});

test('a server that runs for long forgets old tokens each hour, until it is closed', async () => {
  const storage = watched();
  const server = await servedByHours(storage);
  await note(storage, 3, 23);
  for (let hour = 0; hour < 3; hour += 1) {
    await note(storage, 7, 25);
    jest.advanceTimersByTime(HOUR);
    await settled();
    expect(await counted(storage)).toBe(3);
  }
  expect(deletions).toEqual([7, 7, 7]);
  await server.close();
  const before = openings;
  jest.advanceTimersByTime(5 * HOUR);
  await settled();
  expect(openings).toBe(before);
  await storage.close();
});

test('a server that is closed leaves the rest of the old tokens to the next one', async () => {
  const storage = watched();
  await note(storage, 35_000, 25);
  const server = await servedByHours(storage);
  await server.close();
  const left = await counted(storage);
  expect(left).toBeGreaterThanOrEqual(15_000);
  await settled();
  expect(await counted(storage)).toBe(left);
  await storage.close();
});

test('what keeps old tokens from being forgotten is told, and tried again', async () => {
  const storage = watched();
  const faults: unknown[] = [];
  const server = await servedByHours(storage, faults);
  await note(storage, 7, 25);
  const { open } = storage;
  const refusal = new Error('no sessions today');
  storage.open = () => Promise.reject(refusal);
  jest.advanceTimersByTime(HOUR);
  await settled();
  expect(faults).toEqual([refusal]);
  storage.open = open;
  jest.advanceTimersByTime(HOUR);
  await settled();
  expect([faults, await counted(storage)]).toEqual([[refusal], 0]);
  await server.close();
  await storage.close();
});
