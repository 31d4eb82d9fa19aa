import { ConcurrentModificationError, ConflictError, type Isolation } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { postgres } from '@ormolu/storage/postgres';
import { pglite } from '@ormolu/storage/pglite';
import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import fc from 'fast-check';
import { char, defineModels, integer, openOrmolu, type DefinitionsOf, type Ormolu, type Storage } from '../src/index';

const models = defineModels({ counter: { name: char(), hits: integer({ default: 0 }) }, note: { text: char(), size: integer({ default: 0 }) } })
  .options('counter', { versioned: true });
type Database = Ormolu<DefinitionsOf<typeof models>>;

const ISOLATIONS: readonly Isolation[] = ['read committed', 'repeatable read', 'serializable'];
let scratch: ScratchDatabase;

beforeAll(async () => {
  scratch = await createDatabase();
});
afterAll(() => scratch.drop());

async function withDatabase(storage: Storage, work: (db: Database) => Promise<void>): Promise<void> {
  const db = await openOrmolu({ models, storage });
  try {
    await db.migrate();
    await work(db);
  } finally {
    await db.close();
  }
}

/** Adds one to a counter; `meanwhile` happens between its read and its write. */
async function increment(db: Database, id: number, { isolation, meanwhile }: { isolation?: Isolation; meanwhile?: () => Promise<unknown> }): Promise<number> {
  let executions = 0;
  await db.transaction(async (env) => {
    executions += 1;
    const counter = env.model('counter').browse(id);
    await counter.load(['hits']);
    await meanwhile?.();
    counter.hits = (counter.hits ?? 0) + 1;
  }, { concurrency: 'optimistic', isolation });
  return executions;
}

describe.each([['memory', () => memory()], ['PostgreSQL', () => postgres(scratch.url)]] as const)('on %s', (_, storage) => {
  test.each(ISOLATIONS)('at %s, who writes what another has changed since is told which record it was, and is not run again', (isolation) =>
    withDatabase(storage(), async (db) => {
      const { id } = await db.transaction((env) => env.model('counter').create({ name: 'doors' }));
      const error: unknown = await increment(db, id, { isolation, meanwhile: () => increment(db, id, { isolation }) }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConcurrentModificationError);
      expect(error).not.toBeInstanceOf(ConflictError);
      expect(error).toMatchObject({ code: 'STORAGE_VERSION', model: 'counter', id, expected: 1n, found: 2n });
      expect(await db.transaction((env) => env.run(() => env.model('counter').browse(id).hits))).toBe(1);
    }));

  test('a conflict about records without versions is run again, as ever', () =>
    withDatabase(storage(), async (db) => {
      const { id } = await db.transaction((env) => env.model('note').create({ text: 'n' }));
      let executions = 0;
      await db.transaction(async (env) => {
        executions += 1;
        const note = env.model('note').browse(id);
        await note.load(['size']);
        if (executions === 1) await db.transaction((other) => other.model('note').browse(id).write({ size: 10 }));
        note.size = (note.size ?? 0) + 1;
      }, { concurrency: 'optimistic' });
      expect(executions).toBe(2);
      expect(await db.transaction((env) => env.run(() => env.model('note').browse(id).size))).toBe(11);
    }));
});

test('on PGlite, units of work queue, and each finds the versions of those before it', () =>
  withDatabase(pglite(), async (db) => {
    const { id } = await db.transaction((env) => env.model('counter').create({ name: 'doors' }));
    expect(await Promise.all(Array.from({ length: 3 }, () => increment(db, id, {})))).toEqual([1, 1, 1]);
    expect(await db.transaction((env) => env.run(() => env.model('counter').browse(id).hits))).toBe(3);
  }));

test('another word than optimistic is refused', () =>
  withDatabase(memory(), async (db) => {
    // What JavaScript lets through.
    const wrong = { concurrency: 'pessimistic' } as never;
    await expect(db.transaction(() => undefined, wrong)).rejects.toMatchObject({ code: 'DB_OPTION_INVALID' });
  }));

test('law: for all interleavings of read, change and commit, every committed increment counts, and every other says which version it met', () =>
  fc.assert(fc.asyncProperty(
    fc.constantFrom(...ISOLATIONS),
    fc.array(fc.record({ counter: fc.nat({ max: 1 }), turns: fc.array(fc.nat({ max: 3 }), { minLength: 2, maxLength: 2 }) }), { minLength: 2, maxLength: 5 }),
    (isolation, workers) => withDatabase(memory(), async (db) => {
      const ids = await db.transaction(async (env) => (await env.model('counter').create([{}, {}])).ids);
      const committed = [0, 0];
      const turns = async (count = 0): Promise<void> => {
        for (let n = 0; n < count; n += 1) await new Promise(setImmediate);
      };
      await Promise.all(workers.map(async ({ counter, turns: [before, between] }) => {
        await turns(before);
        try {
          const executions = await increment(db, ids[counter] ?? 0, { isolation, meanwhile: () => turns(between) });
          // At SERIALIZABLE others may be in the way who changed nothing of this record: then it is run again.
          if (isolation !== 'serializable') expect(executions).toBe(1);
          committed[counter] = (committed[counter] ?? 0) + 1;
        } catch (error) {
          if (!(error instanceof ConcurrentModificationError)) throw error;
          expect([error.model, error.id]).toEqual(['counter', ids[counter]]);
          expect(Number(error.found)).toBeGreaterThan(Number(error.expected));
        }
      }));
      expect(await db.transaction((env) => env.run(() => ids.map((id) => env.model('counter').browse(id).hits)))).toEqual(committed);
    }),
  ), { numRuns: lawRuns() }));
