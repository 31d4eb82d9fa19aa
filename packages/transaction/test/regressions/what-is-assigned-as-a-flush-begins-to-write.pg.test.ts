import { defineModels, integer, many2one, one2many } from '@ormolu/registry';
import type { Transaction } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one } from '../support/open';

const models = defineModels({
  order: { lines: one2many('line', 'order'), sum: integer({ store: true }) },
  line: { qty: integer(), order: many2one('order', { onDelete: 'cascade' }) },
})
  .compute('order', 'sum', ['lines.qty'], (order) => [...order.lines].reduce((sum, { qty }) => sum + (qty ?? 0), 0));

// Who is moved unseen in the turns between the end of what a flush computes and its statements was written before anybody had asked whom he left.
everywhere(models.registry(), ({ open, everyTurn }) => {
  test.each<[string, (tx: Transaction) => Promise<unknown>]>([
    ['flush', (tx) => tx.flush()],
    ['deletion', (tx) => one(tx, 'order', 1).unlink()],
    ['search', (tx) => tx.env.model('order').search({ sum: 3 })],
    ['search for what is moved', (tx) => tx.env.model('line').search({ order: 1 })],
    ['nested create', (tx) => tx.env.model('order').create({ lines: [{ create: { qty: 1 } }] })],
  ])('an owner is computed anew whose line is moved beside a %s', async (_, call) => {
    const lost: unknown[] = [];
    for (const turns of everyTurn()) {
      const { tx } = await open();
      await tx.env.model('order').create([{ lines: [{ create: { qty: 1 } }] }, { lines: [{ create: { qty: 3 } }] }, {}]);
      await tx.flush();
      tx.clear();
      const move = async (): Promise<void> => {
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
        one(tx, 'line', 2).set('order', one(tx, 'order', 1));
      };
      const outcomes = await Promise.allSettled([call(tx), move()]);
      await tx.flush();
      const [refused] = outcomes.filter((outcome) => outcome.status === 'rejected');
      if (refused) expect(['TX_RECORD_MISSING', 'TX_OVERLAP']).toContain((refused.reason as { readonly code?: string }).code);
      const sum = (await one(tx, 'order', 2).read(['sum']))[0]?.['sum'];
      if (sum !== (refused ? 3 : 0)) lost.push([turns, sum]);
    }
    expect(lost).toEqual([]);
  });
});
