import { OrmoluError } from '@ormolu/kernel';
import { boolean, char, defineModels, integer, many2one, one2many, related } from '@ormolu/registry';
import type { Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one, storedColumns } from './support/open';

const models = defineModels({
  order: {
    name: char(),
    customer: many2one('customer'),
    customerName: related('customer.name'),
    city: related('customer.city.name', { store: true }),
    upper: char({}),
    kept: char({ store: true }),
    shout: char({ store: true }),
    rank: integer({ store: true, readonly: false }),
    level: integer(),
  },
  customer: { name: char(), city: many2one('city'), orders: one2many('order', 'customer'), isVip: boolean() },
  city: { name: char() },
})
  .compute('order', 'upper', ['name'], (order) => order.name?.toUpperCase() ?? null)
  .inverse('order', 'upper', (order) => { order.name = order.upper?.toLowerCase() ?? null; })
  .compute('order', 'kept', ['customer.name', 'name'], (order) => `${order.customer?.name ?? ''}:${order.name ?? ''}`)
  .inverse('order', 'kept', (order) => {
    const [customer = '', name = ''] = order.kept?.split(':') ?? [];
    order.name = name;
    if (order.customer) order.customer.name = customer;
  })
  .compute('order', 'shout', ['upper'], (order) => `${order.upper ?? ''}!`)
  .compute('order', 'rank', ['level'], (order) => order.level);

everywhere(models.registry(), ({ open }) => {
  let tx: Transaction;
  let counting: (work: () => unknown) => Promise<number>;

  beforeEach(async () => {
    ({ tx, counting } = await open());
    await tx.env.model('city').create([{ name: 'Ghent' }, { name: 'Lyon' }]);
    await tx.env.model('customer').create([{ name: 'Ann', city: 1 }, { name: 'Bob', city: 2 }]);
    await tx.env.model('order').create([{ name: 'one', customer: 1, level: 1 }, { name: 'two', customer: 2 }, { name: 'three' }]);
    await tx.flush();
    tx.clear();
  });

  /** What the database holds of a field, for all records. */
  async function stored(model: string, field: string): Promise<unknown[]> {
    await tx.flush();
    const [values = []] = await storedColumns(tx, model, [1, 2, 3], [field]);
    return [...values];
  }

  /** The code of the error that a function throws. */
  function codeOf(fn: () => void): string | undefined {
    try {
      fn();
    } catch (error) {
      if (OrmoluError.is(error)) return error.code;
      throw error;
    }
    return undefined;
  }

  test('assigning runs the inverse at once; the value given stays', () => {
    one(tx, 'order', 1).set('upper', 'MiXed');
    expect(one(tx, 'order', 1).get('name')).toBe('mixed');
    expect(one(tx, 'order', 1).get('upper')).toBe('MiXed');
  });

  test('what depends on the value, or on what the inverse wrote, follows', async () => {
    one(tx, 'order', 1).set('upper', 'MiXed');
    expect(await stored('order', 'shout')).toEqual(['MiXed!', 'TWO!', 'THREE!']);
    expect(await stored('order', 'kept')).toEqual(['Ann:mixed', 'Bob:two', ':three']);
  });

  test('a later change of what it is computed from is stronger than the value given', async () => {
    one(tx, 'order', 1).set('upper', 'MiXed');
    one(tx, 'order', 1).set('name', 'other');
    expect(one(tx, 'order', 1).get('upper')).toBe('OTHER');
    expect(await stored('order', 'shout')).toEqual(['OTHER!', 'TWO!', 'THREE!']);
  });

  test('outside a run a miss of the inverse is an error, and nothing has changed', () => {
    const order = one(tx, 'order', 1);
    expect(() => { order.set('kept', 'Eve:four'); }).toThrow(/order\(1\)\.customer is not loaded/);
    expect([tx.towrite.size, tx.tocompute.size, tx.triggers.size, tx.protected.depth]).toEqual([0, 0, 0, 0]);
    expect(() => order.get('name')).toThrow(/not loaded/);
  });

  test('inside a run it suspends for what the inverse misses, once for all records', async () => {
    const orders = tx.env.model('order').browse([1, 2]);
    const statements = await counting(() => tx.run(() => {
      for (const order of orders) order.set('kept', `Eve:${String(order.id)}`);
    }));
    expect(statements).toBe(1);
    expect(await stored('customer', 'name')).toEqual(['Eve', 'Eve']);
    expect(await stored('order', 'name')).toEqual(['1', '2', 'three']);
  });

  test('write fetches what inverses read, and all values are in before any inverse runs', async () => {
    await tx.env.model('order').browse([1, 2]).write({ kept: 'Eve:four', customer: 2 });
    expect(await stored('customer', 'name')).toEqual(['Ann', 'Eve']);
    expect(await stored('order', 'name')).toEqual(['four', 'four', 'three']);
    expect(await stored('order', 'kept')).toEqual(['Eve:four', 'Eve:four', ':three']);
  });

  test('an inverse that throws leaves nothing of the write', async () => {
    const failing = models.inverse('order', 'upper', (order) => { order.name = 'half'; throw new Error('no'); });
    ({ tx } = await open(failing.registry()));
    await tx.env.model('order').create([{ name: 'one' }]);
    await tx.flush();
    await expect(tx.env.model('order').browse(1).write({ level: 3, upper: 'X' })).rejects.toThrow('no');
    expect(() => { one(tx, 'order', 1).set('upper', 'X'); }).toThrow('no');
    expect([tx.towrite.size, tx.tocompute.size, one(tx, 'order', 1).get('level'), one(tx, 'order', 1).get('upper')]).toEqual([0, 0, null, 'ONE']);
  });

  test('an inverse that returns a promise or an iterator, or calls what returns a promise, is refused', async () => {
    // The compiler refuses both; these are the guards for programs it has not seen.
    const asynchronous = models.inverse('order', 'upper', (() => Promise.resolve()) as never);
    ({ tx } = await open(asynchronous.registry()));
    await tx.env.model('order').create([{ name: 'one' }]);
    expect(codeOf(() => { one(tx, 'order', 1).set('upper', 'X'); })).toBe('RUN_ASYNC');
    const yielding = models.inverse('order', 'upper', (function* () { yield 1; }) as never);
    ({ tx } = await open(yielding.registry()));
    await tx.env.model('order').create([{ name: 'one' }]);
    expect(codeOf(() => { one(tx, 'order', 1).set('upper', 'X'); })).toBe('RUN_ITERATOR');
    const flushing = models.inverse('order', 'upper', (order) => { void order.env.flush(); });
    ({ tx } = await open(flushing.registry()));
    await tx.env.model('order').create([{ name: 'one' }]);
    expect(codeOf(() => { one(tx, 'order', 1).set('upper', 'X'); })).toBe('RUN_ASYNC_CALL');
  });

  test('a related field is written through to the record it shows, stored or not', async () => {
    await tx.env.model('order').browse([1, 2]).write({ customerName: 'Eve', city: 'Paris' });
    expect(await stored('customer', 'name')).toEqual(['Eve', 'Eve']);
    expect(await stored('city', 'name')).toEqual(['Paris', 'Paris']);
    expect(await stored('order', 'city')).toEqual(['Paris', 'Paris', null]);
  });

  test('a related value whose path ends in null is refused, by every way of writing, and nothing is assigned', async () => {
    const refused = { code: 'TX_WRITE_REFUSED', message: expect.stringMatching(/\.customerName shows customer\.name, and customer is null: there is no record.*Give order\(\d+\) its customer first/) as unknown };
    const bare = one(tx, 'order', 3);
    await bare.load(['name', 'customerName', 'city', 'customer']);
    await expect(bare.write({ name: 'changed', customerName: 'Eve' })).rejects.toMatchObject(refused);
    await expect(tx.env.model('order').browse([1, 3]).write({ customerName: 'Eve' })).rejects.toMatchObject(refused);
    await expect(tx.env.model('order').browse(1).write({ customer: null, customerName: 'Eve' })).rejects.toMatchObject(refused);
    await expect(tx.env.model('order').create({ name: 'four', customerName: 'Eve' })).rejects.toMatchObject(refused);
    await expect(tx.env.model('order').new({ name: 'four', customerName: 'Eve' }).save()).rejects.toMatchObject(refused);
    expect(codeOf(() => { bare.set('city', 'W'); })).toBe('TX_WRITE_REFUSED');
    await bare.write({ customer: 1 });
    const nowhere = await tx.env.model('customer').create({ name: 'Cid' });
    await expect(tx.env.model('order').create({ customer: nowhere, city: 'W' })).rejects.toMatchObject({ code: 'TX_WRITE_REFUSED', message: expect.stringContaining('customer.city is null') as unknown });
    await bare.write({ customer: null, customerName: null });
    expect([bare.get('name'), bare.get('customerName'), bare.get('city')]).toEqual(['three', null, null]);
    expect(await stored('customer', 'name')).toEqual(['Ann', 'Bob', 'Cid']);
    expect(await stored('order', 'city')).toEqual(['Ghent', 'Lyon', null]);
    expect(await tx.env.model('order').count()).toBe(3);
  });

  test('a record assigned to a related many2one is written through', async () => {
    const withRelation = models.extend({ order: { town: related('customer.city') } });
    ({ tx } = await open(withRelation.registry()));
    const [ghent, lyon] = [...(await tx.env.model('city').create([{ name: 'Ghent' }, { name: 'Lyon' }]))];
    await tx.env.model('customer').create({ name: 'Ann', city: ghent });
    await tx.env.model('order').create({ customer: 1 });
    one(tx, 'order', 1).set('town', lyon);
    expect(await stored('customer', 'city')).toEqual([2]);
  });

  test('an editable computed value written together with its cause stays, whichever is named first', async () => {
    await tx.env.model('order').browse(1).write({ rank: 9, level: 4 });
    await tx.env.model('order').browse(2).write({ level: 4, rank: 9 });
    expect(await stored('order', 'rank')).toEqual([9, 9, null]);
  });

  test('a value that is not stored may be assigned and is written nowhere', async () => {
    const loose = models.extend({ order: { hint: char({ readonly: false }) } }).compute('order', 'hint', ['name'], (order) => order.name);
    ({ tx } = await open(loose.registry()));
    await tx.env.model('order').create({ name: 'one' });
    one(tx, 'order', 1).set('hint', 'mine');
    await tx.flush();
    expect(one(tx, 'order', 1).get('hint')).toBe('mine');
  });

  test('create inserts the row, then runs the inverses of the values given', async () => {
    const order = await tx.env.model('order').create({ upper: 'ABC', kept: 'Eve:five', customer: 1 });
    expect(order.get('upper')).toBe('ABC');
    expect(order.get('name')).toBe('five');
    expect(await stored('customer', 'name')).toEqual(['Eve', 'Bob']);
  });

  test('a create whose inverse fails leaves no row', async () => {
    const failing = models.inverse('order', 'upper', () => { throw new Error('no'); });
    ({ tx } = await open(failing.registry()));
    await expect(tx.env.model('order').create({ upper: 'X' })).rejects.toThrow('no');
    expect(await tx.env.model('order').count()).toBe(0);
  });

  test('a protected value is kept whatever changes, and is only put in when assigned', async () => {
    const order = one(tx, 'order', 1);
    await order.load(['upper', 'shout']);
    tx.protecting(['upper', 'shout'], order, () => {
      order.set('name', 'changed');
      order.set('upper', 'Mine');
      expect([order.get('upper'), order.get('shout')]).toEqual(['Mine', 'ONE!']);
    });
    expect(tx.protected.depth).toBe(0);
    expect(await stored('order', 'name')).toEqual(['changed', 'two', 'three']);
    expect((await stored('order', 'shout'))[0]).toBe('ONE!');
  });

  test('protection lasts until a promise is settled', async () => {
    const order = one(tx, 'order', 1);
    await order.load(['shout']);
    await tx.protecting(['shout'], order, async () => {
      await order.write({ name: 'changed' });
      await tx.flush();
    });
    expect([tx.protected.depth, order.get('shout')]).toEqual([0, 'ONE!']);
    await expect(tx.protecting(['shout'], order, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(tx.protected.depth).toBe(0);
  });
});
