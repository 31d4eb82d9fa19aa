import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one } from './support/open';

const registry = defineModels({
  order: { name: char(), lines: one2many('line', 'order'), total: integer({ store: true, readonly: false }), taxed: integer(), main: many2one('line', { onDelete: 'set null' }) },
  line: { order: many2one('order', { onDelete: 'cascade' }), price: integer() },
})
  .compute('order', 'total', ['lines.price'], (order) => [...order.lines].reduce((sum, { price }) => sum + (price ?? 0), 0))
  .compute('order', 'taxed', ['total'], (order) => (order.total ?? 0) * 2)
  .registry();

everywhere(registry, ({ open }) => {
  let tx: Transaction;
  let draft: RecordSet;

  beforeEach(async () => {
    ({ tx } = await open());
    await tx.env.model('order').create({ name: 'o', lines: [{ create: { price: 1 } }, { create: { price: 2 } }] });
    await one(tx, 'order', 1).write({ total: 50, main: 1 });
    await tx.flush();
    tx.clear();
    draft = tx.env.model('order').new({}, { origin: 1 });
  });

  const totals = (): Promise<unknown> => tx.run(() => [draft.get('total'), draft.get('taxed')]);
  const lines = (): Promise<RecordSet> => tx.run(() => draft.get('lines') as RecordSet);

  test('a computed value that may be written by hand is that of the origin, until something it is computed from differs in the draft', async () => {
    expect(await totals()).toEqual([50, 100]);
    await one(tx, 'order', 1).write({ total: 60 });
    expect(await totals()).toEqual([60, 120]);
    await tx.env.model('line').browse(2).write({ price: 5 });
    expect(await totals()).toEqual([6, 12]);
    await one(tx, 'order', 1).write({ total: 70 });
    (await lines()).at(0)!.set('price', 10);
    expect(await totals()).toEqual([15, 30]);
    await one(tx, 'order', 1).write({ total: 80 });
    expect(await totals()).toEqual([15, 30]);
    await tx.env.model('line').browse(2).write({ price: 7 });
    expect(await totals()).toEqual([17, 34]);
  });

  test('it is there after load, and not loaded before it says so of the origin', async () => {
    expect(() => draft.get('total')).toThrow('order(1).total is not loaded');
    await draft.load(['total', 'taxed']);
    expect([draft.get('total'), draft.get('taxed')]).toEqual([50, 100]);
    expect(await draft.read(['total'])).toMatchObject([{ total: 50 }]);
  });

  test('what it was given by hand stays while only the origin changes', async () => {
    await draft.write({ total: 5 });
    await tx.env.model('line').browse(1).write({ price: 100 });
    expect(await totals()).toEqual([5, 10]);
    (await lines()).at(1)!.set('price', 3);
    expect(await totals()).toEqual([103, 206]);
  });

  test('records that were deleted leave the lists and references of drafts, whichever way these came by them', async () => {
    const edited = tx.env.model('order').new({}, { origin: 1 });
    await edited.write({ name: 'e', lines: [{ create: { price: 4 } }] });
    await tx.run(() => [draft, edited].map((one) => [one.get('main'), (one.get('lines') as RecordSet).length, one.get('taxed')]));
    expect([(await lines()).length, (await tx.run(() => edited.get('lines') as RecordSet)).length]).toEqual([2, 3]);
    await tx.savepoint(async () => {
      await one(tx, 'line', 1).unlink();
      expect(await tx.run(() => [draft, edited].map((one) => [one.get('main'), (one.get('lines') as RecordSet).length, one.get('total')]))).toEqual([[null, 1, 2], [null, 2, 6]]);
      throw new Error('back');
    }).catch(() => undefined);
    expect(await tx.run(() => [draft, edited].map((one) => [(one.get('main') as RecordSet).id, (one.get('lines') as RecordSet).length, one.get('total')]))).toEqual([[1, 2, 50], [1, 3, 7]]);
    await one(tx, 'line', 1).unlink();
    await edited.save();
    expect((await tx.env.model('line').search({ order: 1 }, { order: ['id'] })).ids).toEqual([2, 3]);
  });

  test('a list is made of the same drafts whenever it is read, and of each once', async () => {
    const before = (await lines()).ids;
    tx.cache.invalidate();
    expect((await lines()).ids).toEqual(before);
  });

  test('a value given by hand stays when a record is deleted that only the origin held, whether the list was looked at or not', async () => {
    await draft.write({ total: 5 });
    await lines();
    await tx.env.model('line').browse(1).unlink();
    expect(await totals()).toEqual([5, 10]);
    expect((await lines()).length).toBe(1);
  });

  test('a draft whose origin was deleted is not saved, and says so; one that refers to it neither', async () => {
    await draft.write({ name: 'edited' });
    await one(tx, 'order', 1).unlink();
    await expect(draft.save()).rejects.toMatchObject({ code: 'TX_RECORD_MISSING', message: expect.stringMatching(/order\(1\).*draft that has it as its origin was saved/), details: { model: 'order', ids: [1] } });
    const other = tx.env.model('line').new({ price: 3 });
    other.set('order', draft);
    await expect(other.save()).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
    expect(await tx.env.model('line').count()).toBe(0);
    await tx.flush();
  });

  test('a draft whose origin comes back by a rollback is saved', async () => {
    await draft.write({ name: 'edited' });
    await tx.savepoint(async () => {
      await one(tx, 'order', 1).unlink();
      await expect(draft.save()).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
      throw new Error('back');
    }).catch(() => undefined);
    await draft.save();
    expect(await tx.env.model('order').browse(1).read(['name'])).toEqual([{ id: 1, name: 'edited' }]);
  });

  test('a draft whose origin somebody else has deleted is found out when its values are sent', async () => {
    await draft.write({ name: 'edited' });
    await tx.session.delete('line', [1, 2]);
    await tx.session.delete('order', [1]);
    await draft.save();
    await expect(tx.flush()).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
  });
});
