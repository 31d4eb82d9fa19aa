import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import { everywhere } from './support/everywhere';
import type { Opened } from './support/open';

const models = defineModels({
  order: { name: char(), lines: one2many('line', 'order'), total: integer({ store: true }), tax: integer(), stamp: char() },
  line: { order: many2one('order'), price: integer() },
  place: { name: char(), parent: many2one('place'), path: char({ store: true, recursive: true }) },
})
  .compute('order', 'total', ['lines.price'], (order) => [...order.lines].reduce((sum, line) => sum + (line.price ?? 0), 0))
  .compute('order', 'tax', ['total'], (order) => Math.trunc((order.total ?? 0) / 5))
  .compute('order', 'stamp', ['tax', 'name'], (order) => `${order.name ?? ''} ${String(order.tax)}`)
  .compute('place', 'path', ['name', 'parent.path'], (place) => `${place.parent?.path ?? ''}/${place.name ?? ''}`);

everywhere(models.registry(), ({ open }) => {
  let opened: Opened;

  beforeEach(async () => {
    opened = await open();
  });

  test('columns asked for and columns that computed fields of the same records read are one statement', async () => {
    const { tx, counting } = opened;
    await tx.env.model('order').create([{ name: 'a' }, { name: 'b' }]);
    await tx.flush();
    tx.clear();
    const orders = tx.env.model('order').browse([1, 2]);
    expect(await counting(() => orders.load(['name', 'stamp']))).toBe(1);
    expect(orders.mapped('stamp')).toEqual(['a 0', 'b 0']);
  });

  test('a value that is to be recomputed is not read before: new records of a recursive field cost their UPDATE alone', async () => {
    const { tx, counting } = opened;
    const root = await tx.env.model('place').create({ name: 'r' });
    const leaf = await tx.env.model('place').create({ name: 'l', parent: root.id });
    await tx.env.model('place').create({ name: 'x', parent: leaf.id });
    expect(await counting(() => tx.flush())).toBe(1);
    expect((await tx.readStored('place', [3], ['path'])).columns).toEqual([['/r/l/x']]);
  });

  test('what triggers and computes bring into memory, nobody asks for again', async () => {
    const { tx, counting } = opened;
    await tx.env.model('order').create({ name: 'a' });
    await tx.env.model('line').create([{ order: 1, price: 2 }, { order: 1, price: 3 }]);
    await tx.flush();
    tx.clear();
    // The line's order, with the columns that travel along.
    expect(await counting(() => tx.env.model('line').browse(1).write({ price: 5 }))).toBe(1);
    // The order's lines and the other line; and two updates.
    expect(await counting(() => tx.flush())).toBe(4);
    expect((await tx.readStored('order', [1], ['total'])).columns).toEqual([[8]]);
  });

  test('records found as holders of others are the lists of those: they are not looked for twice', async () => {
    const cities = defineModels({
      country: { name: char(), cities: one2many('city', 'country') },
      city: { country: many2one('country'), label: char({ store: true }) },
    }).compute('city', 'label', ['country.name'], (city) => city.country?.name ?? '');
    const { tx, counting } = await open(cities.registry());
    await tx.env.model('country').create([{ name: 'A' }, { name: 'B' }]);
    await tx.env.model('city').create([{ country: 1 }, { country: 1 }]);
    await tx.flush();
    tx.clear();
    const countries = tx.env.model('country').browse([1, 2]);
    expect(await counting(() => countries.write({ name: 'C' }))).toBe(1);
    expect(await counting(() => countries.load(['cities']))).toBe(0);
    expect(countries.mapped('cities')).toMatchObject({ ids: [1, 2] });
  });
});
