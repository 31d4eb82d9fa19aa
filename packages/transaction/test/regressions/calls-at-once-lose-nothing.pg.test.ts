import { char, defineModels, integer, many2many, many2one, one2many } from '@ormolu/registry';
import { everywhere } from '../support/everywhere';
import { one, storedColumns } from '../support/open';

const models = defineModels({
  order: { name: char(), notes: one2many('note', 'order'), lines: one2many('line', 'order'), sum: integer({ store: true }), open: integer(), tags: many2many('tag'), loud: char({ store: true }) },
  note: { order: many2one('order', { onDelete: 'set null' }), text: char(), label: char({ store: true }) },
  line: { order: many2one('order', { onDelete: 'cascade' }), price: integer(), cost: integer({ store: true, precompute: true }), rate: many2one('rate'), share: integer({ store: true, precompute: true }), shout: char({ readonly: false }), text: char(), letters: integer({ store: true, precompute: true }) },
  rate: { factor: integer() },
  tag: { name: char(), orders: many2many('order'), used: integer({ store: true }) },
})
  .compute('order', 'sum', ['lines.price'], (order) => [...order.lines].reduce((sum, { price }) => sum + (price ?? 0), 0))
  .compute('order', 'open', ['lines.price'], (order) => [...order.lines].reduce((sum, { price }) => sum + (price ?? 0), 0))
  .compute('order', 'loud', ['name'], (order) => (order.name ?? '').toUpperCase())
  .inverse('order', 'loud', (order) => { order.name = (order.loud ?? '').toLowerCase(); })
  .compute('note', 'label', ['order.name'], (note) => note.order?.name ?? null)
  .compute('line', 'cost', ['price', 'rate.factor'], (line) => (line.price ?? 0) * (line.rate?.factor ?? 0))
  .compute('line', 'share', ['price', 'order.sum'], (line) => Math.round((100 * (line.price ?? 0)) / (line.order?.sum || 1)))
  .compute('line', 'shout', ['text'], (line) => `${line.text ?? ''}!`)
  .inverse('line', 'shout', (line) => { line.text = (line.shout ?? '').slice(0, -1); })
  .compute('line', 'letters', ['text'], (line) => (line.text ?? '').length)
  .compute('tag', 'used', ['orders'], (tag) => tag.orders.length);

/** How many turns later the second call begins: in these, the first waits for one thing or another. */
const TURNS = [0, 4, 8, 13, 20];

async function later<T>(turns: number, work: () => T): Promise<Awaited<T>> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
  return await work();
}

everywhere(models.registry(), ({ begin }) => {
  describe.each(TURNS)('%i turns later', (turns) => {
    test.each(['load', 'run', 'search', 'read'])('what is computed beside a deletion (%s) is computed again', async (way) => {
      const tx = await begin();
      await tx.env.model('order').create({ lines: [{ create: { price: 1 } }, { create: { price: 2 } }] });
      await tx.flush();
      const order = one(tx, 'order', 1);
      await order.load(['sum', 'lines.price', 'open']);
      const read = async (): Promise<unknown> => {
        if (way === 'load') return order.load(['sum', 'open']);
        if (way === 'run') return tx.run(() => [order.get('sum'), order.get('open')]);
        return way === 'search' ? tx.env.model('order').search({ sum: 2 }) : order.get('open');
      };
      const [, beside] = await Promise.allSettled([one(tx, 'line', 1).unlink(), later(turns, read)]);
      if (beside.status === 'rejected') expect(beside.reason).toMatchObject({ code: 'TX_OVERLAP' }); // beside the flush that goes before
      await order.load(['open']);
      expect(order.get('open')).toBe(2);
      await tx.flush();
      expect(await storedColumns(tx, 'order', [1], ['sum'])).toEqual([[2]]);
    });

    test('a cause that changes beside a create reaches what was precomputed', async () => {
      const tx = await begin();
      await tx.env.model('rate').create({ factor: 1 });
      await Promise.all([tx.env.model('line').create({ rate: 1, price: 2 }), later(turns, () => { one(tx, 'rate', 1).set('factor', 9); })]);
      await tx.flush();
      expect(await storedColumns(tx, 'line', [1], ['cost'])).toEqual([[18]]);
    });

    test.each([
      ['a create', { create: { name: 'b' } }, [1, 3, 4]], ['a link', { link: 2 }, [1, 2, 3]], ['an unlink', { unlink: 1 }, [3]], ['a clear', { clear: true }, []],
    ] as const)('a list takes a create and, of another, %s', async (_, command, expected) => {
      const tx = await begin();
      await tx.env.model('order').create([{ name: 'a' }, { name: 'b' }]);
      await tx.env.model('tag').create([{ name: 't', orders: [1] }]);
      await tx.flush();
      const tag = one(tx, 'tag', 1);
      await tag.load(['orders', 'used']);
      await Promise.all([tag.write({ orders: [{ create: { name: 'c' } }] }), later(turns, () => tag.write({ orders: [command] }))]);
      await tx.flush();
      tx.clear();
      await tag.load(['orders', 'used']);
      expect([[...tag.get('orders') as Iterable<{ id: number }>].map(({ id }) => id), tag.get('used')]).toEqual([expected, expected.length]);
    });

    test.each([true, false])('a list takes two links (in memory: %s)', async (isWarm) => {
      const tx = await begin();
      await tx.env.model('order').create([{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
      await tx.env.model('tag').create([{ orders: [1] }]);
      await tx.flush();
      const tag = one(tx, 'tag', 1);
      if (isWarm) await tag.load(['orders', 'used']);
      else tx.clear();
      await Promise.all([tag.write({ orders: [{ link: 2 }] }), later(turns, () => tag.write({ orders: [{ link: 3 }] }))]);
      await tx.flush();
      expect(await storedColumns(tx, 'tag', [1], ['used'])).toEqual([[3]]);
    });

    test('who is given another owner beside a write that takes him from this one has the other', async () => {
      const tx = await begin();
      await tx.env.model('order').create([{ notes: [{ create: {} }] }, {}]);
      await tx.flush();
      await tx.env.model('order').browse([1, 2]).load(['notes', 'name']);
      await Promise.all([one(tx, 'order', 1).write({ notes: [{ create: { text: 'z' } }, { unlink: 1 }] }), later(turns, () => { one(tx, 'note', 1).set('order', one(tx, 'order', 2)); })]);
      await tx.flush();
      expect(await storedColumns(tx, 'note', [1], ['order'])).toEqual([[2]]);
    });

    test.each(['note', 'line'])('who is moved away beside a deletion is spared, or whoever moves him is told (%s)', async (model) => {
      const tx = await begin();
      await tx.env.model('order').create([{ notes: [{ create: {} }], lines: [{ create: {} }] }, {}]);
      await tx.flush();
      await tx.env.model('order').browse([1, 2]).load(['notes', 'lines', 'name']);
      const [, moved] = await Promise.allSettled([one(tx, 'order', 1).unlink(), later(turns, () => { one(tx, model, 1).set('order', one(tx, 'order', 2)); })]);
      await tx.flush();
      if (moved.status === 'rejected') expect(moved.reason).toMatchObject({ code: expect.stringMatching(/^(TX_OVERLAP|TX_RECORD_MISSING)$/) as unknown });
      const refused = model === 'note' ? [null] : [];
      expect(await storedColumns(tx, model, [1], ['order'])).toEqual([moved.status === 'rejected' ? refused : [2]]);
    });

    test('a draft is inserted once, by whoever saves it, with what it is given meanwhile', async () => {
      const tx = await begin();
      const draft = tx.env.model('order').new({ name: 'a', lines: [{ create: { price: 1 } }] });
      const [first, second] = await Promise.all([draft.save(), later(turns, () => draft.save()), later(turns, () => { draft.set('name', 'b'); })]);
      await tx.flush();
      expect([first.ids, second.ids, await tx.env.model('order').count(), await tx.env.model('line').count()]).toEqual([[1], [1], 1, 1]);
      expect(await storedColumns(tx, 'order', [1], ['name', 'loud', 'sum'])).toEqual([['b'], ['B'], [1]]);
    });

    test('a value that is given stays until what it is computed from changes, and no longer', async () => {
      const tx = await begin();
      await tx.env.model('order').create({ name: 'x' });
      await tx.env.model('note').create({ order: 1 });
      await tx.flush();
      tx.clear();
      const order = one(tx, 'order', 1);
      await order.load(['name', 'loud']);
      await Promise.all([order.write({ loud: 'MM' }), later(turns, () => { order.set('name', 'q'); })]);
      await tx.flush();
      const [[name], [loud]] = await storedColumns(tx, 'order', [1], ['name', 'loud']) as [[string], [string]];
      expect(loud).toBe(name.toUpperCase());
    });

    test('creates with and without inverses are done one after the other', async () => {
      const tx = await begin();
      await tx.env.model('order').create({});
      await Promise.all([
        tx.env.model('order').create({ lines: [{ create: { price: 1 } }, { create: { price: 2 } }] }),
        later(turns, () => tx.env.model('line').create([{ order: 1, price: 5, shout: 'no!' }])),
      ]);
      await tx.flush();
      expect(await storedColumns(tx, 'order', [1, 2], ['sum'])).toEqual([[5, 3]]);
      expect((await tx.env.model('line').search({ text: 'no', letters: 2 })).length).toBe(1);
    });

    test('who finds a row before its create is over, and links it, has linked it', async () => {
      const tx = await begin();
      await tx.env.model('tag').create({ name: 'the' });
      await one(tx, 'tag', 1).load(['orders']);
      const [made] = await Promise.all([tx.env.model('order').create({ name: 'new', lines: [{ create: { price: 2 } }] }), later(turns, async () => {
        const found = await tx.env.model('order').search({ name: 'new' });
        if (found.length > 0) await one(tx, 'tag', 1).write({ orders: [{ link: found.id }] });
      })]);
      await made.load(['tags']);
      const { length } = made.get('tags') as { readonly length: number }; // what a list field gives
      await tx.flush();
      expect(await storedColumns(tx, 'tag', [1], ['used'])).toEqual([[length]]);
    });
  });

  test('what is precomputed and reads what its own row changes of others is computed again', async () => {
    const tx = await begin();
    await tx.env.model('order').create({ lines: [{ create: { price: 10 } }] });
    await tx.env.model('line').create({ order: 1, price: 30 });
    await tx.flush();
    expect(await storedColumns(tx, 'line', [1, 2], ['share'])).toEqual([[25, 75]]);
  });

  test('so is what reads what an inverse writes', async () => {
    const tx = await begin();
    await tx.env.model('line').create({ shout: 'abc!' });
    await tx.flush();
    expect(await storedColumns(tx, 'line', [1], ['text', 'letters'])).toEqual([['abc'], [3]]);
  });
});
