import { char, defineModels, integer, many2one, one2many, related } from '@ormolu/registry';
import type { RecordSet } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one, storedColumns } from '../support/open';
import { later } from '../support/turns';

const models = defineModels({
  order: { name: char(), parent: many2one('order'), children: one2many('order', 'parent'), customer: many2one('customer'), above: related('parent.name'), label: char({ store: true }), lines: one2many('line', 'order') },
  line: { order: many2one('order', { onDelete: 'cascade' }) },
  region: { countries: one2many('country', 'region'), amount: integer({ store: true }) },
  country: { name: char(), code: integer(), region: many2one('region') },
  customer: { orders: one2many('order', 'customer'), amount: integer({ store: true }) },
})
  .options('country', { id: 'text' })
  .compute('region', 'amount', ['countries'], (region) => region.countries.length)
  .compute('order', 'label', ['name', 'parent.name'], (order) => `${order.parent?.name ?? '-'}/${order.name ?? ''}`)
  .compute('customer', 'amount', ['orders'], (customer) => customer.orders.length);

const idsOf = (value: unknown): readonly unknown[] => (value as RecordSet).ids; // what a list field gives

everywhere(models.registry(), ({ begin, everyTurn }) => {
  test('what was assigned under an id before there was a row of it is not of that row', async () => {
    const tx = await begin();
    await tx.env.model('region').create([{}, {}]);
    await tx.flush();
    const [first, second] = [one(tx, 'region', 1), one(tx, 'region', 2)];
    await tx.env.model('region').browse([1, 2]).load(['countries', 'amount']);
    const country = one(tx, 'country', 'DE');
    country.set('name', 'x');
    country.set('code', 7);
    country.set('region', first);
    await tx.env.model('country').create({ id: 'DE', name: 'y', region: 2 });
    for (const state of ['memory', 'database'] as const) {
      await tx.flush();
      if (state === 'database') tx.clear();
      await tx.env.model('region').browse([1, 2]).load(['countries', 'amount']);
      await country.load(['name', 'code']);
      expect([country.get('name'), country.get('code'), idsOf(first.get('countries')), idsOf(second.get('countries')), first.get('amount'), second.get('amount')]).toEqual(['y', null, [], ['DE'], 0, 1]);
    }
  });

  test('who sets a reference of a row that he has found to null has set it', async () => {
    for (const turns of everyTurn()) {
      const tx = await begin();
      const customer = await tx.env.model('customer').create({});
      await tx.flush();
      await customer.load(['orders', 'amount']);
      const [order, isFound] = await Promise.all([tx.env.model('order').create({ name: 'new', customer: customer.id, lines: [{ create: {} }] }), later(turns, async () => {
        const found = await tx.env.model('order').search({ name: 'new' });
        if (found.length > 0) found.set('customer', null);
        return found.length > 0;
      })]);
      await tx.flush();
      const members = isFound ? [] : order.ids;
      expect([turns, order.get('customer') === null, idsOf(customer.get('orders'))]).toEqual([turns, isFound, members]);
      expect([turns, ...(await storedColumns(tx, 'customer', [customer.id as number], ['amount']))]).toEqual([turns, [members.length]]);
      await tx.rollback();
    }
  });

  test.each(['finds', 'reads', 'assigns', 'assigns null', 'assigns null unread'])('a reference that is written behind its row is there for who %s before', async (what) => {
    for (const turns of everyTurn()) {
      const tx = await begin();
      const other = await tx.env.model('order').create({ name: 'other' });
      await tx.flush();
      const [order, isAssigned] = await Promise.all([tx.env.model('order').create({ name: 'new', children: [{ create: { name: 'child' } }] }), later(turns, async () => {
        // What he has of it by now, values that follow from it included.
        const [first] = what === 'assigns null unread' ? await tx.env.model('order').search({ name: 'child' }) : await tx.env.model('order').where({ name: 'child' }).all();
        if (!first) return false;
        if (what === 'reads') await tx.run(() => first.get('above'));
        if (!what.startsWith('assigns')) return false;
        // Null in the place of null is no change.
        const isChange = what !== 'assigns null' || first.get('parent') !== null;
        first.set('parent', what === 'assigns' ? other : null);
        await tx.env.model('order').search({ parent: other.id });
        return isChange;
      })]);
      const [child] = (await tx.env.model('order').search({ name: 'child' })).ids;
      const record = one(tx, 'order', child as number);
      const wanted = !isAssigned ? order.id : what === 'assigns' ? other.id : null;
      const name = wanted === order.id ? 'new' : wanted === null ? null : 'other';
      for (const state of ['memory', 'database'] as const) {
        await tx.flush();
        if (state === 'database') tx.clear();
        await record.load(['parent', 'above', 'label']);
        await order.load(['children']);
        await other.load(['children']);
        const seen = [(record.get('parent') as RecordSet | null)?.id ?? null, record.get('above'), record.get('label'), idsOf(order.get('children')), idsOf(other.get('children'))]; // what relations give
        expect([turns, state, ...seen]).toEqual([turns, state, wanted, name, `${name ?? '-'}/child`, wanted === order.id ? [child] : [], wanted === other.id ? [child] : []]);
      }
      await tx.rollback();
    }
  });
});
