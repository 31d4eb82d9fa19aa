import { char, defineModels, float, many2one } from '@ormolu/registry';
import type { Environment, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one } from './support/open';

const registry = defineModels({
  company: { name: char({ required: true }) },
  user: { name: char({ required: true }), company: many2one('company', { onDelete: 'set null' }) },
  thing: { name: char(), price: float({ companyDependent: true }) },
}).registry();

everywhere(registry, ({ begin, counting }) => {
  let tx: Transaction;
  beforeEach(async () => {
    const first = await begin();
    await first.env.model('company').create([{ name: 'North' }, { name: 'South' }]);
    await first.env.model('user').create([{ name: 'Ann', company: 1 }, { name: 'Bob', company: 2 }, { name: 'Cleo' }]);
    await first.env.model('thing').create({ name: 'lamp' });
    await first.commit();
    tx = await begin({ uid: 1, users: 'user', companies: 'company' });
    await tx.meetUser();
  });

  let keys = 0;
  /** An environment that nobody has asked for his company before. */
  const fresh = (env: Environment = tx.env): Environment => env.withContext({ key: (keys += 1) });
  const forget: readonly (readonly [how: string, forget: () => unknown])[] = [
    ['clear', () => { tx.clear(); }], ['invalidate', () => { tx.cache.invalidate(); }], ['invalidating the user', () => { one(tx, 'user', 1).invalidate(); }], ['reset', () => tx.reset()],
  ];

  test.each(forget)("the user's company is known after %s, to environments that were not asked before", async (_, forgets) => {
    await forgets();
    expect([tx.env.companyId, fresh().companyId, fresh().company?.id, fresh().companies.ids]).toEqual([1, 1, 1, [1]]);
    one(tx, 'thing', 1).set('price', 3);
    const other = fresh(tx.env.withUser(2));
    expect(() => other.companyId).toThrow(/company is not loaded/);
    // Of another user it is known as soon as he was met.
    expect(await tx.run(() => other.companyId)).toBe(2);
    await forgets();
    expect(fresh(tx.env.withUser(2)).companyId).toBe(2);
    expect(await counting(tx, () => fresh(tx.env.withUser(2)).run(() => fresh(tx.env.withUser(2)).companyId))).toBe(0);
  });

  test.each(forget)('what the transaction itself has changed of it is not what it was after %s', async (_, forgets) => {
    const user = one(tx, 'user', 1);
    // Pending, it is true; forgotten, it is not.
    user.set('company', one(tx, 'company', 2));
    expect(fresh().companyId).toBe(2);
    tx.clear();
    expect(fresh().companyId).toBe(1);
    await user.write({ company: 2 });
    await tx.flush();
    await forgets();
    expect(() => fresh().companyId).toThrow(/company is not loaded/);
    await user.load(['company']);
    expect(fresh().companyId).toBe(2);
    await forgets();
    expect(fresh().companyId).toBe(2);
    // Other columns are none of it.
    await user.write({ name: 'Anne' });
    await tx.flush();
    await forgets();
    expect(fresh().companyId).toBe(2);
  });

  test('values that are not by company ask for none: whose company is not loaded may write them, and an environment keeps none before it is asked for one', async () => {
    await tx.env.withUser(2).model('thing').create({ name: 'desk' });
    await one(tx, 'user', 1).write({ company: 2 });
    await one(tx, 'thing', 1).write({ price: 3 });
    expect([tx.env.companyId, one(tx, 'thing', 1).get('price')]).toEqual([2, 3]);
  });

  test('a rollback to a savepoint brings back what was known', async () => {
    const user = one(tx, 'user', 1);
    await expect(tx.savepoint(async () => {
      await user.write({ company: 2 });
      await tx.flush();
      expect(fresh().companyId).toBe(2);
      tx.cache.invalidate();
      expect(fresh().companyId).toBe(2);
      throw new Error('back');
    })).rejects.toThrow('back');
    tx.cache.invalidate();
    expect(fresh().companyId).toBe(1);
  });

  test('a company that is deleted is nobody\'s', async () => {
    await one(tx, 'company', 1).unlink();
    expect(fresh().companyId).toBeNull();
    tx.clear();
    expect(await tx.run(() => fresh().companyId)).toBeNull();
  });
});
