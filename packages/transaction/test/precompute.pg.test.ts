import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import { everywhere } from './support/everywhere';
import { one, storedColumns, type Opened } from './support/open';

const models = defineModels({
  country: { name: char() },
  order: {
    name: char({ default: 'new' }), country: many2one('country'), lines: one2many('line', 'order'),
    code: char({ store: true, precompute: true, required: true, readonly: false }), total: integer({ store: true, precompute: true }), late: char({ store: true }),
  },
  line: { order: many2one('order'), price: integer(), label: char({ store: true, precompute: true }) },
})
  .compute('order', 'code', ['name', 'country.name'], (order) => {
    if (order.name === 'bad') throw new Error('no code for that');
    return `${order.name ?? ''}/${order.country?.name ?? ''}`;
  })
  .compute('order', 'total', ['lines.price'], (order) => [...order.lines].reduce((sum, line) => sum + (line.price ?? 0), 0))
  .compute('order', 'late', ['code'], (order) => order.code.toUpperCase())
  .compute('line', 'label', ['order.code', 'price'], (line) => `${line.order?.code ?? ''}:${String(line.price)}`);

everywhere(models.registry(), ({ open }) => {
  let opened: Opened;

  beforeEach(async () => {
    opened = await open();
  });

  test('precomputed values travel with the INSERT: defaults, parents and children of the same call are known to them', async () => {
    const { tx, counting } = opened;
    await tx.env.model('country').create({ name: 'B' });
    expect(await counting(() => tx.env.model('order').create([{ country: 1, lines: [{ create: { price: 2 } }, { create: { price: 3 } }] }, { name: 'x', code: 'given' }]))).toBe(2);
    expect(await storedColumns(tx, 'order', [1, 2], ['code', 'total', 'late'])).toEqual([['new/B', 'given'], [5, 0], [null, null]]);
    expect(await storedColumns(tx, 'line', [1, 2], ['label'])).toEqual([['new/B:2', 'new/B:3']]);
    expect([...tx.tocompute].map(([field]) => field.toString())).toEqual(['order.late', 'order.total']);
    // Nothing is left of the drafts that the rows were meanwhile.
    expect([...tx.cache.entries(tx.registry.field('order', 'code'))].map(([, id, value]) => [id, value])).toEqual([[1, 'new/B'], [2, 'given']]);
    expect(await counting(() => tx.flush())).toBe(1);
    await tx.env.model('order').browse(1).write({ name: 'old' });
    await tx.flush();
    expect((await tx.readStored('line', [1], ['label'])).columns).toEqual([['old/B:2']]);
  });

  test('what a precompute reads and memory lacks is fetched, once for all rows', async () => {
    const { tx, counting } = opened;
    await tx.env.model('country').create([{ name: 'B' }, { name: 'F' }]);
    tx.clear();
    expect(await counting(() => tx.env.model('order').create([{ country: 1 }, { country: 2 }]))).toBe(2);
    expect(await storedColumns(tx, 'order', [1, 2], ['code'])).toEqual([['new/B', 'new/F']]);
  });

  test('a precompute that raises creates nothing', async () => {
    const { tx, counting } = opened;
    const creating = tx.env.model('order').create([{ name: 'ok' }, { name: 'bad' }]);
    await expect(creating).rejects.toMatchObject({ code: 'TX_COMPUTE_FAILED', message: expect.stringContaining('no code for that') as unknown });
    expect(await counting(() => tx.flush())).toBe(0);
    expect(await tx.env.model('order').count()).toBe(0);
  });

  test('two creates at once have their values, and what others assign while one waits stays', async () => {
    const { tx } = opened;
    await tx.env.model('country').create([{ name: 'B' }, { name: 'F' }]);
    await tx.flush();
    tx.clear();
    await Promise.all([tx.env.model('order').create({ country: 1 }), tx.env.model('order').create({ country: 2, name: 'x' })]);
    const codes = (await storedColumns(tx, 'order', [1, 2], ['code']))[0];
    expect(new Set(codes)).toEqual(new Set(['new/B', 'x/F']));
    tx.clear();
    await one(tx, 'country', 1).load(['name']);
    const read = tx.below.read.bind(tx.below);
    tx.below.read = (question) => {
      one(tx, 'country', 1).set('name', 'N');
      return read(question);
    };
    await tx.env.model('order').create({ country: 2 });
    tx.below.read = read;
    await tx.flush();
    expect(await storedColumns(tx, 'country', [1], ['name'])).toEqual([['N']]);
    expect(await storedColumns(tx, 'order', [3], ['code'])).toEqual([['new/F']]);
  });
});
