import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import { open, type Opened } from './support/open';

const models = defineModels({
  order: { name: char(), lines: one2many('line', 'order'), total: integer({ store: true }), tax: integer(), stamp: char() },
  line: { order: many2one('order'), price: integer() },
  place: { name: char(), parent: many2one('place'), path: char({ store: true, recursive: true }) },
})
  .compute('order', 'total', ['lines.price'], (order) => [...order.lines].reduce((sum, line) => sum + (line.price ?? 0), 0))
  .compute('order', 'tax', ['total'], (order) => Math.trunc((order.total ?? 0) / 5))
  .compute('order', 'stamp', ['tax', 'name'], (order) => `${order.name ?? ''} ${String(order.tax)}`)
  .compute('place', 'path', ['name', 'parent.path'], (place) => `${place.parent?.path ?? ''}/${place.name ?? ''}`);

let opened: Opened;

beforeEach(async () => {
  opened = await open(models.registry());
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
