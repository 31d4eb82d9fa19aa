import { char, defineModels, many2many, many2one, related } from '@ormolu/registry';
import type { RecordSet, Transaction } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one } from '../support/open';
import { later } from '../support/turns';

const models = defineModels({
  order: { name: char(), partner: many2one('partner'), partnerTags: related('partner.tags'), before: many2one('order') },
  partner: { tags: many2many('tag') },
  tag: { orders: many2many('order') },
});

const idsOf = (value: unknown): readonly unknown[] => [...(value as RecordSet).ids].sort(); // what a list field gives

everywhere(models.registry(), ({ begin, everyTurn }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('tag').create([{}, {}, {}, {}]);
    await tx.env.model('partner').create([{}, {}]);
    await tx.env.model('order').create([{ partner: 1 }, { partner: 1, before: 1 }]);
    await tx.flush();
  });

  const put = async (tags: readonly number[]): Promise<void> => {
    await one(tx, 'partner', 1).write({ tags: [{ set: tags }] });
    await tx.flush();
  };

  const kept = async (partner = 1): Promise<readonly unknown[]> => {
    await tx.flush();
    const known = idsOf(one(tx, 'partner', partner).get('tags'));
    tx.clear();
    await one(tx, 'partner', partner).load(['tags']);
    expect(idsOf(one(tx, 'partner', partner).get('tags'))).toEqual(known);
    return known;
  };

  test.each([['a link', { link: 2 }], ['a create', { create: {} }]] as const)('what a list is given beside %s through a related one stays', async (_, command) => {
    for (const turns of everyTurn()) {
      await put([1]);
      await one(tx, 'partner', 1).load(['tags']);
      const [, beside] = await Promise.allSettled([one(tx, 'order', 1).write({ partnerTags: [command] }), later(turns, () => { one(tx, 'partner', 1).set('tags', tx.env.model('tag').browse([1, 3])); })]);
      // Beside the savepoint that a create takes.
      if (beside.status === 'rejected') expect(beside.reason).toMatchObject({ code: 'TX_OVERLAP' });
      expect([turns, (await kept()).includes(3)]).toEqual([turns, beside.status === 'fulfilled']);
    }
  });

  test('commands for one list by way of two records are both followed', async () => {
    await put([1]);
    await one(tx, 'order', 2).write({ partnerTags: [{ link: 2 }], before: 1 });
    await tx.env.model('order').browse([1, 2]).write({ partnerTags: [{ link: 3 }, { unlink: 1 }] });
    expect(await kept()).toEqual([2, 3]);
  });

  test('two lists of records that share a source are changed by one write', async () => {
    await put([1]);
    await one(tx, 'tag', 4).write({ orders: [{ link: 1 }, { update: [1, { partnerTags: [{ link: 2 }] }] }, { update: [2, { partnerTags: [{ link: 3 }] }] }, { update: [1, { partnerTags: [{ unlink: 1 }] }] }] });
    expect(await kept()).toEqual([2, 3]);
  });

  test('commands are followed where the record leads when all is written', async () => {
    await put([1]);
    await one(tx, 'partner', 2).write({ tags: [{ set: [4] }] });
    await one(tx, 'order', 1).write({ partnerTags: [{ link: 2 }, { create: {} }], partner: 2 });
    expect(await kept(2)).toEqual([2, 4, 5]);
    expect((await tx.env.model('partner').browse(1).read(['tags']))[0]).toEqual({ id: 1, tags: [1] });
  });
});
