import type { Environment, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { store } from './support/store';

everywhere(store.registry(), ({ begin, counting }) => {
  let tx: Transaction;
  let env: Environment;
  const actors = { users: 'user', companies: 'company' };

  beforeEach(async () => {
    const first = await begin();
    await first.env.model('company').create([{ name: 'North' }, { name: 'South' }]);
    await first.env.model('user').create([{ name: 'Ann', company: 1 }, { name: 'Bob' }]);
    await first.env.model('shelf').create([{ name: 'top' }, { name: 'low' }]);
    await first.env.model('thing').create({ name: 'lamp', note: 'bright', code: 'L' });
    tx = first;
    await anew();
    const thing = env.model('thing').browse(1);
    await thing.withEnv(in_('fr')).write({ name: 'lampe' });
    await thing.withEnv(in_('de')).write({ note: null });
    await thing.write({ price: 1, shelf: 1 });
    await thing.withEnv(env.withCompany(2)).write({ price: 2, cost: '2.5', shelf: 2 });
    await anew();
  });

  /** The same transaction's work, seen by another that begins after its commit. */
  async function anew(uid = 1): Promise<void> {
    await tx.commit();
    tx = await begin({ uid, ...actors });
    await tx.meetUser();
    ({ env } = tx);
  }
  const in_ = (lang: string): Environment => env.withContext({ lang });
  /** A thing in every language and company. */
  const all = async (id: number): Promise<unknown> => {
    const see = async (at: Environment, ...names: string[]): Promise<unknown> => {
      const [{ id: _, ...values } = { id }] = await at.model('thing').browse(id).read(names);
      return values;
    };
    return [await see(env, 'name', 'note'), await see(in_('fr'), 'name', 'note'), await see(in_('de'), 'name', 'note'), await see(env, 'price', 'cost', 'shelf'), await see(env.withCompany(2), 'price', 'cost', 'shelf')];
  };
  const WHOLE = [
    { name: 'lamp', note: 'bright' }, { name: 'lampe', note: 'bright' }, { name: 'lamp', note: null }, { price: 1, cost: null, shelf: 1 }, { price: 2, cost: '2.50', shelf: 2 },
  ];

  test.each([['anybody', () => env], ['who asks in another language', () => in_('fr')], ['who asks for another company', () => env.withCompany(2)]])('a copy made by %s has the texts of all languages and the values of all companies', async (_, who) => {
    const copy = await who().model('thing').browse(1).copy();
    expect(await all(Number(copy.ids[0]))).toEqual(WHOLE);
    await anew();
    expect(await all(2)).toEqual(WHOLE);
    await tx.cache.check(env);
  });

  test('who has no company copies those of all', async () => {
    await anew(2);
    expect(env.companyId).toBeNull();
    await env.model('thing').browse(1).copy();
    await anew();
    expect(await all(2)).toEqual(WHOLE);
  });

  test('what is pending is copied, in memory or not', async () => {
    env.model('thing').browse(1).withEnv(in_('fr')).set('name', 'la lampe');
    env.withCompany(2).model('thing').browse(1).set('cost', '9');
    await env.model('thing').browse(1).copy();
    const [source, fr, de, north] = WHOLE;
    const wanted = [source, { ...fr, name: 'la lampe' }, de, north, { price: 2, cost: '9.00', shelf: 2 }];
    expect(await all(2)).toEqual(wanted);
    await anew();
    expect([await all(1), await all(2)]).toEqual([wanted, wanted]);
  });

  test('what is given stands for all languages, and for the company of who gives it', async () => {
    await in_('fr').model('thing').browse(1).copy({ name: 'autre', price: 7 });
    await anew();
    expect(await all(2)).toEqual([
      { name: 'autre', note: 'bright' }, { name: 'autre', note: 'bright' }, { name: 'autre', note: null }, { price: 7, cost: null, shelf: 1 }, { price: null, cost: '2.50', shelf: 2 },
    ]);
  });

  test('they cost a statement, whatever the number of records', async () => {
    await env.model('thing').create(Array.from({ length: 20 }, (_, n) => ({ name: `n${String(n)}` })));
    const counts: number[] = [];
    for (const ids of [[1, 2], Array.from({ length: 20 }, (_, n) => n + 1)]) {
      tx.clear();
      counts.push(await counting(tx, () => env.model('thing').browse(ids).copy()));
    }
    // The plain columns, those with values by place, the INSERT.
    expect(counts).toEqual([3, 3]);
  });
});
