import { defineModels, integer, many2one } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one, storedColumns } from '../support/open';

const registry = defineModels({
  order: { rate: integer() },
  line: {
    qty: integer(), note: integer(), order: many2one('order'), isMany: integer({ store: true }), rated: integer({ store: true, readonly: false }), plainRated: integer({ store: true }),
    own: integer({ store: true, readonly: false }), plainOwn: integer({ store: true }), told: integer({ store: true, readonly: false }), plainTold: integer({ store: true }),
  },
})
  .compute('line', 'isMany', ['qty'], (line) => ((line.qty ?? 0) > 1 ? 1 : 0))
  .compute('line', 'rated', ['qty', 'order.rate'], (line) => (line.qty ?? 0) * (line.order?.rate ?? 0))
  .compute('line', 'plainRated', ['qty', 'order.rate'], (line) => (line.qty ?? 0) * (line.order?.rate ?? 0))
  .compute('line', 'own', ['qty'], (line) => (line.qty ?? 0) + 10)
  .compute('line', 'plainOwn', ['qty'], (line) => (line.qty ?? 0) + 10)
  .compute('line', 'told', ['isMany', 'order.rate'], (line) => line.isMany ?? 0)
  .compute('line', 'plainTold', ['isMany', 'order.rate'], (line) => line.isMany ?? 0)
  .registry();

everywhere(registry, ({ open }) => {
  async function errorOf(work: (tx: Transaction, line: RecordSet) => unknown): Promise<unknown> {
    const { tx } = await open();
    await tx.env.model('order').create({ rate: 1 });
    await tx.env.model('line').create([{ qty: 1, order: 1, note: 1 }]);
    await tx.flush();
    tx.clear();
    one(tx, 'line', 1).set('note', 2);
    const error = await Promise.resolve().then(() => work(tx, one(tx, 'line', 99))).then(() => undefined, (reason: unknown) => (reason as { readonly code?: string }).code);
    return [error, await tx.flush().then(() => undefined, (reason: unknown) => (reason as { readonly code?: string }).code), await storedColumns(tx, 'line', [1], ['note'])];
  }

  test.each([['rated', 'plainRated'], ['own', 'plainOwn'], ['told', 'plainTold']])('%s of a record that is not there is refused as one that nobody writes by hand', async (byHand, plain) => {
    for (const way of [
      (name: string) => (tx: Transaction, line: RecordSet) => {
        line.set('qty', 1);
        return tx.run(() => line.get(name));
      },
      (name: string) => (_: Transaction, line: RecordSet) => {
        line.set('qty', 1);
        return line.load([name]);
      },
      () => (tx: Transaction, line: RecordSet) => {
        line.set('qty', 1);
        return tx.flush();
      },
    ]) expect(await errorOf(way(byHand))).toEqual(await errorOf(way(plain)));
    // What stood before is asked for at once, and who is not there is given nothing.
    expect(await errorOf((tx, line) => tx.run(() => {
      line.set('qty', 1);
      return line.get(byHand);
    }))).toEqual(['TX_RECORD_MISSING', undefined, [[2]]]);
  });
});
