import { defineModels, integer, many2one, one2many } from '@ormolu/registry';
import * as fc from 'fast-check';
import { ComputeError, type RecordSet, type Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { storedColumns } from './support/open';

const models = defineModels({
  line: { qty: integer(), order: many2one('order'), doubled: integer({ store: true }), place: integer({ store: true }), share: integer({ store: true }), seen: integer({ store: true }) },
  order: { lines: one2many('line', 'order'), shop: many2one('shop'), total: integer({ store: true }), most: integer({ store: true }) },
  shop: { orders: one2many('order', 'shop'), turnover: integer({ store: true }), visits: integer() },
})
  .compute('line', 'doubled', ['qty'], (line) => {
    if ((line.qty ?? 0) % 5 === 4) throw new Error('four');
    return 2 * (line.qty ?? 0);
  })
  // Equal for most changes, so that what reads it is often not run.
  .compute('line', 'place', ['doubled'], (line) => Math.floor((line.doubled ?? 0) / 8))
  .compute('order', 'total', ['lines.doubled', 'lines.place'], (order) => {
    let sum = 0;
    for (const line of order.lines) sum += (line.doubled ?? 0) + (line.place ?? 0);
    return sum;
  })
  // Back down again, through the relation that many lines share.
  .compute('line', 'share', ['doubled', 'order.total'], (line) => Math.floor((100 * (line.doubled ?? 0)) / ((line.order?.total ?? 0) + 1)))
  // Reads what it does not declare, and which may wait to be computed.
  .compute('line', 'seen', ['qty'], (line) => (line.qty ?? 0) + (line.order?.total ?? 0))
  // Does more than to give its value.
  .compute('shop', 'turnover', ['orders.total'], (shop) => {
    let sum = 0;
    for (const order of shop.orders) sum += order.total ?? 0;
    if (sum % 3 === 1) shop.visits = sum;
    return sum;
  })
  .compute('order', 'most', ['lines.share', 'shop.turnover'], (order) => Math.max(order.shop?.turnover ?? 0, ...[...order.lines].map((line) => line.share ?? 0)));

const LINES = 6;

/** Changes of some lines each, flushed or taken back. */
const changes = fc.array(fc.record({ qtys: fc.array(fc.option(fc.nat({ max: 20 }), { freq: 2 }), { minLength: LINES, maxLength: LINES }), then: fc.constantFrom('flush', 'keep', 'take back') }), { maxLength: 6 });

class TakenBack extends Error {}

/** What is left of the changes; a transaction that explains itself computes each value by itself, and here it writes in bulk. */
async function played(tx: Transaction, script: readonly { readonly qtys: readonly (number | null)[]; readonly then: string }[]): Promise<unknown> {
  const explain = tx.origins !== undefined;
  const shop = await tx.env.model('shop').create({});
  await tx.env.model('order').create([{ shop: shop.id }, {}]);
  const lines = await tx.env.model('line').create(Array.from({ length: LINES }, (_, n) => ({ qty: n % 4, order: (n % 2) + 1 })));
  await tx.flush();
  const seen: unknown[] = [];
  for (const { qtys, then } of script) {
    const change = async (): Promise<void> => {
      for (const [n, line] of [...lines].entries()) {
        const qty = qtys[n] ?? line.get('qty');
        if (explain) await line.write({ qty });
        else line.set('qty', qty);
      }
      if (then !== 'keep') seen.push(await failuresOf(() => tx.flush()), stateOf(tx, lines));
      if (then === 'take back') throw new TakenBack();
    };
    if (then === 'take back') await expect(tx.savepoint(change, { flush: false })).rejects.toThrow(TakenBack);
    else await change();
    seen.push(stateOf(tx, lines));
  }
  seen.push(await failuresOf(() => tx.flush()));
  seen.push(await storedColumns(tx, 'line', Array.from(lines, (_, n) => n + 1), ['qty', 'doubled', 'place', 'share', 'seen']), await storedColumns(tx, 'order', [1, 2], ['total', 'most']), (await tx.readStored('shop', [1], ['turnover', 'visits'])).columns);
  return seen;
}

async function failuresOf(work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
    return [];
  } catch (error) {
    if (!(error instanceof ComputeError)) throw error;
    return error.failures.map(({ field, ids }) => `${field} of ${ids.join()}`).sort();
  }
}

function stateOf(tx: Transaction, lines: RecordSet): unknown {
  return { marks: new Map([...tx.tocompute].map(([field, ids]) => [field.toString(), new Set(ids)])), values: lines.ids.map((id) => ['doubled', 'share', 'seen'].map((name) => tx.rootEnv.peek(tx.registry.field('line', name), id))) };
}

const registry = models.registry();

// What is computed in one sweep is so before anything is written: a few scripts show that a database is given, and gives back, the same values.
everywhere(registry, ({ open, runs }) => {
  test('law: values assigned one by one and computed in one sweep, and which of them fail, are those written in bulk and computed one by one', async () => {
    await fc.assert(fc.asyncProperty(changes, async (script) => {
      const plain = await played((await open(registry, { explain: true })).tx, script);
      expect(await played((await open()).tx, script)).toEqual(plain);
    }), { numRuns: runs(100, 8) });
  });
});
