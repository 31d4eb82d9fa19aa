import { defineModels, integer } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one } from '../support/open';

const registry = defineModels({ line: { qty: integer(), isMany: integer({ store: true }), told: integer({ store: true, readonly: false }) } })
  .compute('line', 'isMany', ['qty'], (line) => ((line.qty ?? 0) > 1 ? 1 : 0))
  .compute('line', 'told', ['isMany'], (line) => line.isMany ?? 0)
  .registry();

everywhere(registry, ({ begin }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('line').create([{ qty: 2 }, { qty: 3 }]);
    await tx.flush();
    await one(tx, 'line', 1).write({ told: 90 });
    await tx.flush();
    tx.clear();
    await one(tx, 'line', 1).load(['qty', 'isMany']);
    one(tx, 'line', 1).invalidate(['told']);
  });

  test.each<[what: string, set: () => RecordSet]>([
    ['one that is not there', () => tx.env.model('line').browse([1, 99])],
    ['a draft', () => one(tx, 'line', 1).union(tx.env.model('line').new({ qty: 1 }))],
    ['one that is not marked', () => tx.env.model('line').browse([1, 2])],
  ])('a marked value that turns out as it was is fetched in a set with %s', async (_, set) => {
    one(tx, 'line', 1).set('qty', 5);
    expect(await tx.run(() => set().at(0)?.get('told'))).toBe(90);
  });

  test('what is computed from a value given to a record that is not there is read, and written nowhere', async () => {
    one(tx, 'line', 99).set('qty', 5);
    expect(await tx.run(() => one(tx, 'line', 99).get('told'))).toBe(1);
    await expect(tx.flush()).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
  });
});
