import { char, defineModels, integer, many2many, many2one, one2many } from '@ormolu/registry';

/** Orders with lines that go with them, notes that stay, labels over a relation table, and references in circles. */
export const shop = defineModels({
  customer: {
    name: char({ required: true }),
    orders: one2many('order', 'customer'),
    total: integer({ store: true }),
    favourite: many2one('order', { onDelete: 'set null' }),
  },
  order: {
    name: char({ required: true }),
    state: char({ default: 'draft' }),
    customer: many2one('customer', { onDelete: 'restrict' }),
    lines: one2many('line', 'order'),
    notes: one2many('note', 'order'),
    labels: many2many('label'),
    total: integer({ store: true }),
    labelNames: char({ store: true }),
  },
  line: {
    order: many2one('order', { required: true, onDelete: 'cascade' }),
    product: char({ required: true }),
    quantity: integer({ default: 1 }),
    price: integer(),
    subtotal: integer({ store: true }),
    parts: one2many('part', 'line'),
  },
  part: {
    line: many2one('line', { onDelete: 'cascade' }),
    name: char(),
  },
  note: { order: many2one('order', { onDelete: 'set null' }), text: char(), answers: many2one('note') },
  label: { name: char({ required: true }), orders: many2many('order') },
})
  .compute('line', 'subtotal', ['quantity', 'price'], (line) => (line.quantity ?? 0) * (line.price ?? 0))
  .compute('order', 'total', ['lines.subtotal'], (order) => sum([...order.lines].map((line) => line.subtotal)))
  .compute('order', 'labelNames', ['labels.name'], (order) => [...order.labels].map(({ name }) => name).sort().join())
  .compute('customer', 'total', ['orders.total'], (customer) => sum([...customer.orders].map((order) => order.total)));

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
