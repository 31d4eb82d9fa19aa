import { char, defineModels, many2one } from '@ormolu/registry';
import { everywhere } from '../support/everywhere';
import { storedColumns } from '../support/open';
import { later } from '../support/turns';

const models = defineModels({
  order: { name: char(), note: char(), title: char({ translate: true }), partner: many2one('partner'), loud: char() },
  partner: { name: char() },
})
  .compute('order', 'loud', ['name'], (order) => (order.name ?? '').toUpperCase())
  .inverse('order', 'loud', (order) => {
    if (order.loud === 'BAD') throw new Error('bad');
    order.name = `${order.partner?.name ?? ''}${(order.loud ?? '').toLowerCase()}`;
  });

/** Beside a savepoint an assignment is refused, and one whose inverse reads what is not in memory, once the record is there. */
async function unlessRefused(given: Promise<unknown>): Promise<boolean> {
  try {
    await given;
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^(TX_OVERLAP|TX_NOT_LOADED)$/) as unknown });
    return false;
  }
}

everywhere(models.registry(), ({ begin, everyTurn }) => {
  test('what is given to the record meanwhile is newer', async () => {
    const tx = await begin();
    const partner = await tx.env.model('partner').create({ name: 'p' });
    await tx.flush();
    for (const turns of everyTurn()) for (const more of [1, 12, 30]) {
      tx.clear();
      const draft = tx.env.model('order').new({ name: 'x', partner: partner.id });
      const german = tx.env.withContext({ lang: 'de' });
      const [record, ...given] = await Promise.all([
        draft.save(),
        unlessRefused(later(turns, () => {
          draft.set('loud', 'MM');
          draft.set('note', 'a');
          draft.set('title', 'a');
        })),
        // The inverse has to wait for what it reads.
        unlessRefused(later(turns + more, () => {
          draft.set('note', 'b');
          german.model('order').browse(draft.ids).set('title', 'b');
        })),
      ]);
      if (given.includes(false)) continue;
      await tx.flush();
      expect([turns, more, ...(await storedColumns(tx, 'order', record.ids as number[], ['name', 'note']))]).toEqual([turns, more, ['pmm'], ['b']]);
      tx.clear();
      await german.model('order').browse(record.ids).load(['title']);
      await record.load(['title']);
      expect([turns, more, record.get('title'), german.model('order').browse(record.ids).get('title')]).toEqual([turns, more, 'a', 'b']);
    }
  });

  test('an inverse that throws keeps nothing else out', async () => {
    const tx = await begin();
    for (const turns of everyTurn()) {
      const before = await tx.env.model('order').search();
      const draft = tx.env.model('order').new({ name: 'x' });
      const [saving] = await Promise.allSettled([draft.save(), later(turns, () => tx.run(() => {
        draft.set('loud', 'BAD');
        draft.set('note', 'a');
      }))]);
      await tx.flush();
      const saved = (await tx.env.model('order').search()).ids.filter((id): id is number => !before.ids.includes(id));
      if (saving.status === 'fulfilled' || saved.length === 0) continue;
      expect(saving.reason).toMatchObject({ message: 'bad' });
      expect([turns, ...(await storedColumns(tx, 'order', saved, ['name', 'note']))]).toEqual([turns, ['x'], ['a']]);
    }
  });
});
