import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import type { Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one } from './support/open';

/** A house with rooms that go with it, keys that stay, and a mortgage that holds it. */
const registry = defineModels({
  house: { name: char(), rooms: one2many('room', 'house'), keys: one2many('key', 'house'), size: integer({ store: true }), keyCount: integer({ store: true }) },
  room: { house: many2one('house', { onDelete: 'cascade' }), area: integer(), chairs: one2many('chair', 'room') },
  chair: { room: many2one('room', { onDelete: 'cascade' }), name: char() },
  key: { house: many2one('house', { onDelete: 'set null' }), shown: char({ store: true }) },
  mortgage: { house: many2one('house', { onDelete: 'restrict' }) },
})
  .compute('house', 'size', ['rooms.area'], (house) => [...house.rooms].reduce((sum, { area }) => sum + (area ?? 0), 0))
  .compute('house', 'keyCount', ['keys'], (house) => house.keys.length)
  .compute('key', 'shown', ['house.name'], (key) => key.house?.name ?? 'of nothing')
  .registry();

everywhere(registry, ({ begin, counting, open }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('house').create([
      { name: 'A', rooms: [{ create: { area: 3, chairs: [{ create: { name: 'x' } }] } }, { create: { area: 4 } }], keys: [{ create: {} }] }, { name: 'B', rooms: [{ create: { area: 5 } }] },
    ]);
    await tx.flush();
  });

  const all = async (): Promise<unknown> => Object.fromEntries(await Promise.all([['house', 'size', 'keyCount'], ['room', 'area'], ['chair', 'name'], ['key', 'house', 'shown']].map(async ([model = '', ...names]) => [
    model, await (await tx.env.model(model).search({}, { order: ['id'] })).read(names),
  ])));
  const LEFT = {
    house: [{ id: 2, size: 5, keyCount: 0 }], room: [{ id: 3, area: 5 }], chair: [], key: [{ id: 1, house: null, shown: 'of nothing' }],
  };

  test.each([['warm', true], ['cold', false]])('rows go and references become empty in memory as in the database: %s', async (_, isWarm) => {
    tx.clear();
    if (isWarm) for (const model of registry.models.values()) await (await tx.env.model(model.name).search()).load([...model.fields.keys()].filter((name) => name !== 'id'));
    await one(tx, 'house', 1).unlink();
    expect(await all()).toEqual(LEFT);
    await tx.commit();
    tx = await begin();
    expect(await all()).toEqual(LEFT);
  });

  test('what was moved here or away beforehand and is still pending goes, or stays, with where it is now', async () => {
    one(tx, 'room', 2).set('house', one(tx, 'house', 2));
    one(tx, 'room', 3).set('house', one(tx, 'house', 1));
    one(tx, 'key', 1).set('house', one(tx, 'house', 2));
    await one(tx, 'house', 1).unlink();
    const left = { house: [{ id: 2, size: 4, keyCount: 1 }], room: [{ id: 2, area: 4 }], chair: [], key: [{ id: 1, house: 2, shown: 'B' }] };
    expect(await all()).toEqual(left);
    await tx.commit();
    tx = await begin();
    expect(await all()).toEqual(left);
  });

  test.each([['in this transaction', false], ['and committed before', true]])('rows written %s go, and others lose what they refer to, whichever way they hang on what is deleted', async (_, isCommitted) => {
    const models = defineModels({
      node: { up: many2one('node', { onDelete: 'cascade' }), name: char() },
      leaf: { node: many2one('node', { onDelete: 'cascade' }), kept: many2one('node', { onDelete: 'set null' }), also: many2one('node', { onDelete: 'set null' }) },
    }).registry();
    const opened = await open(models);
    ({ tx } = opened);
    await tx.env.model('node').create([{ name: 'a' }, { name: 'b' }, { name: 'c' }, { name: 'd' }]);
    await tx.env.model('node').browse([1]).write({ up: 2 });
    await tx.env.model('node').browse([3]).write({ up: 1 });
    // One that goes at the end of the way and refers to its beginning; two that stay and refer to both ends.
    await tx.env.model('leaf').create([{ node: 3, kept: 2 }, { node: 4, kept: 2, also: 3 }, { kept: 3, also: 2 }]);
    await tx.flush();
    if (isCommitted) {
      await tx.commit();
      tx = await opened.again();
    }
    // BEGIN travels with the first statement.
    await tx.env.model('node').count();
    const statements = await counting(tx, () => one(tx, 'node', 2).unlink());
    const left = [[2, 4, null, null], [3, null, null, null]];
    const rows = async (): Promise<unknown> => (await (await tx.env.model('leaf').search({}, { order: ['id'] })).read(['node', 'kept', 'also'])).map(({ id, node: of, kept, also }) => [id, of, kept, also]);
    expect(await rows()).toEqual(left);
    await tx.commit();
    tx = await opened.again();
    expect([await rows(), (await tx.env.model('node').search()).ids]).toEqual([left, [4]]);
    // What is written here is emptied before, by a statement for each of the two references.
    expect(statements).toBe(isCommitted ? 13 : 15);
  });

  test('what was created in this transaction goes as well', async () => {
    await tx.env.model('room').create({ house: 1, area: 9, chairs: [{ create: { name: 'y' } }, { create: { name: 'z' } }] });
    await one(tx, 'house', 1).unlink();
    expect(await all()).toEqual(LEFT);
  });

  test('what is held is not deleted, nor anything with it, and the transaction goes on from a savepoint', async () => {
    await tx.env.model('mortgage').create({ house: 1 });
    await expect(tx.savepoint(() => tx.env.model('house').browse([2, 1]).unlink())).rejects.toMatchObject({ code: 'STORAGE_FOREIGN_KEY' });
    expect((await tx.env.model('house').search({}, { order: ['id'] })).ids).toEqual([1, 2]);
    one(tx, 'mortgage', 1).set('house', one(tx, 'house', 2));
    await one(tx, 'house', 1).unlink();
    expect(await all()).toEqual(LEFT);
    expect(await one(tx, 'mortgage', 1).read(['house'])).toEqual([{ id: 1, house: 2 }]);
  });
});
