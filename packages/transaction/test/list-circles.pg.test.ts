import { char, defineModels, integer, many2many, many2one, one2many } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one } from './support/open';

const models = defineModels({
  node: { name: char({ required: true }), parent: many2one('node'), children: one2many('node', 'parent'), friends: many2many('node', { table: 'node_friend', column: 'node', otherColumn: 'friend' }), size: integer({ store: true }), names: char({ store: true }) },
  part: { name: char(), whole: many2one('part', { onDelete: 'cascade' }), parts: one2many('part', 'whole') },
})
  .compute('node', 'size', ['children'], (node) => node.children.length)
  .compute('node', 'names', ['friends.name', 'parent.name'], (node) => [node.parent?.name ?? '-', ...[...node.friends].map(({ name }) => name).sort()].join());

/** Commands for the lists of records that are in the database, which lead back to these records: in memory, in the database, and to who comes later. */
everywhere(models.registry(), ({ begin, counting }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('node').create([{ name: 'a' }, { name: 'b', parent: 1 }, { name: 'c', parent: 2 }]);
    await tx.commit();
    tx = await begin();
  });

  const node = (id: number): RecordSet => one(tx, 'node', id);
  const all = async (...names: string[]): Promise<unknown[]> => (await (await tx.env.model('node').search({}, { order: ['id'] })).read(names)).map((row) => names.map((name) => row[name]));
  /** What is there now, and what is there for who comes later. */
  async function everybodySees(names: string[], expected: unknown[]): Promise<void> {
    expect(await all(...names)).toEqual(expected);
    await tx.commit();
    tx = await begin();
    expect(await all(...names)).toEqual(expected);
  }

  test.each([['not in memory', false], ['in memory', true]])('a child that takes its parent into its list, %s', async (_, isLoaded) => {
    if (isLoaded) await tx.env.model('node').browse([1, 2, 3]).load(['parent', 'children', 'size', 'names']);
    await node(1).write({ children: [{ update: [2, { children: [{ link: 1 }, { unlink: 3 }] }] }] });
    await everybodySees(['parent', 'children', 'size', 'names'], [[2, [2], 1, 'b'], [1, [1], 1, 'a'], [null, [], 0, '-']]);
  });

  test('a new child that takes its parent into its list, and one that takes itself', async () => {
    await node(1).write({ children: [{ create: { name: 'd', children: [{ link: 1 }] } }] });
    await node(3).write({ children: [{ link: 3 }] });
    await everybodySees(['parent', 'children', 'size', 'names'], [[4, [2, 4], 2, 'd'], [1, [], 0, 'a'], [3, [3], 1, 'c'], [1, [1], 1, 'a']]);
  });

  test('lists that are handed round in one write, each record into the list of the one before it: as many statements for thirty as for three', async () => {
    const counts: number[] = [];
    for (const count of [3, 30]) {
      const made = await tx.env.model('node').create(Array.from({ length: count }, (_, n) => ({ name: `n${String(n)}` })));
      const ids = [...made.ids] as number[];
      await made.write({ parent: 1 });
      await tx.flush();
      tx.clear();
      counts.push(await counting(tx, async () => {
        await node(1).write({ children: ids.map((id, place) => ({ update: [id, { children: [{ set: [ids.at(place - 1) ?? 0] }] }] })) });
        await tx.flush();
      }));
      expect(made.mapped('parent.id')).toEqual([...ids.slice(1), ids[0]]);
      expect(made.mapped('size')).toEqual(ids.map(() => 1));
    }
    expect(counts[1]).toBe(counts[0]);
    await everybodySees(['size'], [[1], [1], [0], ...Array.from({ length: 33 }, () => [1])]);
  });

  test('lists of a relation table that lead back: linked, created and unlinked on the way', async () => {
    await node(1).write({ friends: [{ update: [2, { friends: [{ link: 1 }, { create: { name: 'd', friends: [{ link: 1 }, { link: 2 }] } }] }] }, { link: 1 }, { link: 2 }] });
    await everybodySees(['friends', 'names'], [[[1, 2], '-,a,b'], [[1, 4], 'a,a,d'], [[], 'b'], [[1, 2], '-,a,b']]);
    await node(2).write({ friends: [{ unlink: 4 }, { update: [4, { friends: [{ unlink: 2 }, { update: [1, { name: 'A' }] }] }] }] });
    await everybodySees(['friends', 'names'], [[[1, 2], '-,A,b'], [[1], 'A,A'], [[], 'b'], [[1], '-,A']]);
  });

  test('what is deleted in the list of what goes with it takes the whole circle along', async () => {
    await tx.env.model('part').create([{ name: 'a' }, { name: 'b', whole: 1 }, { name: 'c', whole: 2 }, { name: 'other' }]);
    await one(tx, 'part', 1).write({ whole: 3 });
    await one(tx, 'part', 1).write({ name: 'A', parts: [{ delete: 2 }] });
    expect((await tx.env.model('part').search()).ids).toEqual([4]);
    await tx.commit();
    tx = await begin();
    expect((await tx.env.model('part').search()).ids).toEqual([4]);
  });

  test('a circle that cannot be written leaves everything as it was', async () => {
    const before = await all('parent', 'children', 'size', 'names');
    await expect(node(1).write({ children: [{ update: [2, { children: [{ link: 1 }, { create: { name: null } }] }] }] })).rejects.toMatchObject({ code: 'TX_REQUIRED' });
    await expect(tx.savepoint(async () => {
      await node(1).write({ children: [{ update: [2, { children: [{ link: 1 }, { link: 99 }] }] }] });
      await tx.flush();
    })).rejects.toMatchObject({ code: expect.stringMatching(/^(TX_RECORD_MISSING|STORAGE_FOREIGN_KEY)$/) as unknown });
    expect(tx.towrite.size).toBe(0);
    await everybodySees(['parent', 'children', 'size', 'names'], before);
  });
});
