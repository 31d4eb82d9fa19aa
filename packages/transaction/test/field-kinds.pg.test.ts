import type { Storage } from '@ormolu/kernel';
import { FieldValueError } from '@ormolu/registry';
import { StorageRung } from '@ormolu/storage';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { everyKind, kinds } from '../../registry/test/support/kinds';
import { Transaction } from '../src/index';

type Row = Readonly<Record<string, unknown>>;

const registry = everyKind.registry();
const names = kinds.map(({ name }) => name);
const row: fc.Arbitrary<Row> = fc.record(Object.fromEntries(kinds.map(({ name, accepted }) => [name, fc.option(accepted)])));
/** What a read gives of a row that was written. */
const readsOf = (given: Row): Row => Object.fromEntries(kinds.map(({ name, reads }) => [name, given[name] === null ? null : reads(given[name])]));

let database: ScratchDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const storages: readonly { name: string; runs: number; open: () => Storage }[] = [
  { name: 'memory', runs: 60, open: () => memory() },
  { name: 'PGlite', runs: 40, open: () => pglite() },
  // A server that shows times in another zone than ours, and dates in another order.
  { name: 'PostgreSQL', runs: 60, open: () => postgres({ connectionString: database.url, options: '-c timezone=Asia/Kathmandu -c datestyle=german' }) },
];

describe.each(storages)('on $name', ({ runs, open }) => {
  let storage: Storage;

  beforeAll(async () => {
    storage = open();
    await storage.migrate(registry.schema);
  });
  afterAll(() => storage.close());

  async function inTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const session = await storage.open({ schema: registry.schema });
    const tx = new Transaction({ registry, session, rung: new StorageRung() });
    try {
      const value = await work(tx);
      await tx.commit();
      return value;
    } finally {
      await session.rollback();
    }
  }

  /** What the database holds, read in a transaction of its own. */
  const stored = (ids: readonly unknown[]): Promise<Row[]> => inTransaction(async (tx) => withoutIds(await tx.env.model('thing').browse(ids as readonly number[]).read(names)));

  test('law: for all accepted values, created or written, reads before and after the commit give the same', async () => {
    await fc.assert(fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), row, async (created, written) => {
      const ids = await inTransaction(async (tx) => {
        const records = await tx.env.model('thing').create(created);
        expect(withoutIds(await records.read(names))).toEqual(created.map(readsOf));
        tx.cache.invalidate();
        expect(withoutIds(await records.read(names))).toEqual(created.map(readsOf));
        return records.ids;
      });
      expect(await stored(ids)).toEqual(created.map(readsOf));

      await inTransaction(async (tx) => {
        await tx.env.model('thing').browse(ids).write(written);
        expect(withoutIds(await tx.env.model('thing').browse(ids).read(names))).toEqual(ids.map(() => readsOf(written)));
      });
      expect(await stored(ids)).toEqual(ids.map(() => readsOf(written)));
    }), { numRuns: lawRuns(runs) });
  });

  test('law: for every row, writing back what was read sends nothing', async () => {
    await fc.assert(fc.asyncProperty(row, async (given) => {
      const { ids } = await inTransaction((tx) => tx.env.model('thing').create([given]));
      await inTransaction(async (tx) => {
        const records = tx.env.model('thing').browse(ids);
        const [read] = withoutIds(await records.read(names));
        await records.write(read!);
        expect([...tx.cache.getDirtyFields()]).toEqual([]);
      });
    }), { numRuns: lawRuns(runs / 2) });
  });

  test('law: for every row, a search by any of its values finds it', async () => {
    await fc.assert(fc.asyncProperty(row, async (given) => {
      await inTransaction(async (tx) => {
        const { ids } = await tx.env.model('thing').create([given]);
        for (const name of names) expect((await tx.env.model('thing').search({ id: ids[0], [name]: { eq: given[name] } })).ids).toEqual(ids);
        await tx.env.model('thing').browse(ids).unlink();
      });
    }), { numRuns: lawRuns(runs / 4) });
  });

  test('a value that is refused leaves nothing: neither the other values of its call, nor a record, nor a mark', async () => {
    const given = fc.sample(row, { numRuns: 1, seed: 7 })[0]!;
    const { ids } = await inTransaction((tx) => tx.env.model('thing').create([given]));
    for (const { name, refused } of kinds) {
      for (const value of refused) {
        // Without a value is how a call says that a field is not concerned.
        if (value === undefined) continue;
        await inTransaction(async (tx) => {
          const records = tx.env.model('thing').browse(ids);
          const other = name === 'char' ? { text: 'new' } : { char: 'new' };
          await expect(records.write({ ...other, [name]: value })).rejects.toMatchObject({ code: 'FIELD_VALUE_INVALID' });
          await expect(records.create([{ ...other, [name]: value }])).rejects.toMatchObject({ code: 'FIELD_VALUE_INVALID' });
          expect(() => records.at(0)?.set(name, value)).toThrow(FieldValueError);
          expect([...tx.cache.getDirtyFields()]).toEqual([]);
          expect(tx.session.state).toBe('open');
        });
      }
    }
    expect(await stored(ids)).toEqual([readsOf(given)]);
    expect(await inTransaction((tx) => tx.env.model('thing').count({ or: [{ char: 'new' }, { text: 'new' }] }))).toBe(0);
  });

  test('what a reader does to a value changes neither memory nor the database', async () => {
    const { ids } = await inTransaction((tx) => tx.env.model('thing').create([{ datetime: new Date(1), binary: new Uint8Array([1]), json: { a: [1] } }]));
    await inTransaction(async (tx) => {
      const [read] = await tx.env.model('thing').browse(ids).read(['datetime', 'binary', 'json']);
      (read!['datetime'] as Date).setTime(2);
      (read!['binary'] as Uint8Array)[0] = 2;
      expect(() => void (read!['json'] as { a: number[] }).a.push(2)).toThrow(TypeError);
      expect(await tx.env.model('thing').browse(ids).read(['datetime', 'binary', 'json'])).toEqual([{ id: ids[0], datetime: new Date(1), binary: new Uint8Array([1]), json: { a: [1] } }]);
    });
    expect(await stored(ids)).toMatchObject([{ datetime: new Date(1), binary: new Uint8Array([1]), json: { a: [1] } }]);
  });
});

function withoutIds(rows: readonly Row[]): Row[] {
  return rows.map((one) => Object.fromEntries(names.map((name) => [name, one[name]])));
}
