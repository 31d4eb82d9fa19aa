import { char, defineModels, integer, many2many, many2one, one2many, related } from '@ormolu/registry';
import type { RecordSet } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one, storedColumns } from '../support/open';

const models = defineModels({
  order: {
    name: char({ required: true }), title: char({ translate: true }), loud: char({ store: true }), notes: one2many('note', 'order'), lines: one2many('line', 'order'), tags: many2many('tag'), partner: many2one('partner'), partnerTags: related('partner.tags'),
    parent: many2one('order'), children: one2many('order', 'parent'), total: integer({ store: true, readonly: false }),
  },
  note: { order: many2one('order', { onDelete: 'set null' }), text: char() },
  line: { order: many2one('order', { onDelete: 'cascade' }), price: integer() },
  partner: { name: char(), tags: many2many('tag') },
  tag: { name: char(), orders: many2many('order') },
})
  .compute('order', 'loud', ['name'], (order) => order.name.toUpperCase())
  .inverse('order', 'loud', (order) => { order.name = (order.loud ?? '').toLowerCase(); })
  .compute('order', 'total', ['lines.price'], (order) => [...order.lines].reduce((sum, { price }) => sum + (price ?? 0), 0));

const TURNS = [0, 4, 8, 13, 20];

const names = (isFound: boolean): unknown => (isFound ? [['z'], ['Z']] : [['new'], ['NEW']]);

async function later<T>(turns: number, work: () => T): Promise<Awaited<T>> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
  return await work();
}

/** A call may be refused beside others, when it could be lost. */
async function unlessRefused(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^(TX_OVERLAP|TX_RECORD_MISSING)$/) as unknown });
    return false;
  }
}

everywhere(models.registry(), ({ begin }) => {
  test('a savepoint in which one of two creates fails is rolled back when the other is over', async () => {
    const tx = await begin();
    const failing = tx.savepoint(() => Promise.all([tx.env.model('order').create({}), tx.env.model('order').create({ name: 'b', lines: [{ create: {} }] })]));
    await expect(failing).rejects.toMatchObject({ code: 'TX_REQUIRED' });
    expect([tx.savepoints.length, await tx.env.model('order').count(), await tx.env.model('line').count()]).toEqual([0, 0, 0]);
    await tx.commit();
  });

  test('a value given with members that leave a record which is deleted stands', async () => {
    const tx = await begin();
    await tx.env.model('order').create([{ name: 'a' }, { name: 'b', parent: 1, lines: [{ create: { price: 7 } }] }]);
    await tx.flush();
    await one(tx, 'order', 1).write({ total: 5, lines: [{ link: 1 }], children: [{ delete: 2 }] });
    await tx.flush();
    expect(await storedColumns(tx, 'order', [1], ['total'])).toEqual([[5]]);
  });

  test.each([
    ['linked and taken out by the other side', [{ link: 1 }, { update: [1, { orders: [{ unlink: 1 }] }] }], []],
    ['linked by the other side and replaced', [{ update: [1, { orders: [{ link: 1 }] }] }, { set: [2] }], [2]],
    ['linked, taken out by the other side and linked again', [{ link: 1 }, { update: [1, { orders: [{ unlink: 1 }] }] }, { link: 1 }], [1]],
    ['linked by the other side, replaced and linked by the other side again', [{ update: [1, { orders: [{ link: 1 }] }] }, { set: [2] }, { update: [1, { orders: [{ link: 1 }] }] }], [1, 2]],
    ['linked, emptied from the other side and replaced', [{ link: 2 }, { update: [2, { orders: [{ clear: true }] }] }, { update: [1, { orders: [{ set: [1] }] }] }, { unlink: 1 }, { link: 2 }], [2]],
  ])('commands for both sides of a relation are followed in their order: %s', async (_, commands, expected) => {
    const tx = await begin();
    await tx.env.model('order').create({ name: 'a' });
    await tx.env.model('tag').create([{}, {}]);
    await tx.flush();
    await one(tx, 'order', 1).write({ tags: commands });
    await tx.flush();
    tx.clear();
    await one(tx, 'order', 1).load(['tags']);
    expect([...(one(tx, 'order', 1).get('tags') as RecordSet).ids].sort()).toEqual(expected); // what a list field gives
  });

  describe.each(TURNS)('%i turns later', (turns) => {
    test('who is moved out of a list that deletes whom it loses stays', async () => {
      const tx = await begin();
      await tx.env.model('order').create([{ name: 'a', lines: [{ create: { price: 1 } }] }, { name: 'b' }]);
      await tx.flush();
      await one(tx, 'order', 1).load(['lines.price']);
      one(tx, 'order', 1).set('name', 'c');
      const moving = unlessRefused(later(turns, () => { one(tx, 'line', 1).set('order', one(tx, 'order', 2)); }));
      await one(tx, 'order', 1).write({ lines: [{ unlink: 1 }] });
      const isMoved = await moving;
      await tx.flush();
      expect(await storedColumns(tx, 'line', [1], ['order'])).toEqual([isMoved ? [2] : []]);
    });

    test('nobody refers to a record that has gone', async () => {
      const tx = await begin();
      await tx.env.model('order').create([{ name: 'a' }]);
      await tx.env.model('note').create([{}]);
      await tx.flush();
      await one(tx, 'note', 1).load(['order']);
      const referring = unlessRefused(later(turns, () => { one(tx, 'note', 1).set('order', one(tx, 'order', 1)); }));
      await one(tx, 'order', 1).unlink();
      await referring;
      await tx.flush();
      expect(await storedColumns(tx, 'note', [1], ['order'])).toEqual([[null]]);
    });

    test('who is to leave a list leaves it although memory is forgotten', async () => {
      const tx = await begin();
      await tx.env.model('order').create([{ name: 'a', notes: [{ create: {} }] }]);
      await tx.flush();
      await one(tx, 'order', 1).load(['notes']);
      await unlessRefused(Promise.all([one(tx, 'order', 1).write({ notes: [{ create: {} }, { unlink: 1 }] }), later(turns, () => { tx.cache.invalidate(); })]));
      await tx.flush();
      expect(await storedColumns(tx, 'note', [1], ['order'])).toEqual([[null]]);
    });

    test('what a draft is given late runs its inverse', async () => {
      const tx = await begin();
      const draft = tx.env.model('order').new({ name: 'x' });
      await Promise.all([draft.save(), later(turns, () => { draft.set('loud', 'MM'); })]);
      await tx.flush();
      expect(await storedColumns(tx, 'order', [1], ['name', 'loud'])).toEqual([['mm'], ['MM']]);
    });

    test('links through a related list are both kept', async () => {
      const tx = await begin();
      await tx.env.model('tag').create([{}, {}, {}]);
      await tx.env.model('order').create([{ name: 'a', partner: (await tx.env.model('partner').create({ tags: [1] })).id }]);
      await tx.flush();
      const order = one(tx, 'order', 1);
      await Promise.all([order.write({ partnerTags: [{ link: 2 }] }), later(turns, () => order.write({ partnerTags: [{ link: 3 }] }))]);
      await tx.flush();
      tx.clear();
      await one(tx, 'partner', 1).load(['tags']);
      expect([...(one(tx, 'partner', 1).get('tags') as RecordSet).ids].sort()).toEqual([1, 2, 3]); // what a list field gives
    });

    test('a list that is emptied while its new member is on its way is empty', async () => {
      const tx = await begin();
      await tx.env.model('order').create({ name: 'a' });
      await tx.env.model('tag').create({});
      await one(tx, 'order', 1).load(['tags']);
      await one(tx, 'tag', 1).load(['orders']);
      const emptying = later(turns, () => tx.run(() => { one(tx, 'order', 1).set('tags', tx.env.model('tag').browse([])); }));
      await Promise.all([one(tx, 'order', 1).write({ tags: [{ link: 1 }] }), emptying]);
      await tx.flush();
      const known = (one(tx, 'order', 1).get('tags') as RecordSet).ids; // what a list field gives
      tx.clear();
      await one(tx, 'order', 1).load(['tags']);
      expect((one(tx, 'order', 1).get('tags') as RecordSet).ids).toEqual(known);
    });

    test('a translation assigned while the text before it is on its way is written', async () => {
      const tx = await begin();
      await tx.env.model('order').create({ name: 'a', title: 'x' });
      await tx.env.model('note').create({});
      await tx.flush();
      one(tx, 'order', 1).set('title', 'y');
      const german = tx.env.withContext({ lang: 'de' }).model('order').browse(1);
      await german.load(['title']);
      await Promise.all([one(tx, 'note', 1).unlink(), unlessRefused(later(turns, () => { german.set('title', 'z'); })).then((isSet) => { if (!isSet) german.set('title', 'z'); })]);
      await tx.flush();
      tx.clear();
      await german.load(['title']);
      expect(german.get('title')).toBe('z');
    });

    test('what is written to a row that was found before its create is over stays', async () => {
      const tx = await begin();
      let isFound = false;
      await Promise.all([tx.env.model('order').create({ name: 'new', lines: [{ create: {} }] }), later(turns, async () => {
        const found = await tx.env.model('order').search({ name: 'new' });
        if (found.length > 0) {
          isFound = true;
          found.set('name', 'z');
        }
      })]);
      await tx.flush();
      expect(await storedColumns(tx, 'order', [1], ['name', 'loud'])).toEqual(names(isFound));
    });
  });
});
