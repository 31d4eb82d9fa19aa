import type { Environment, RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { store } from './support/store';

everywhere(store.registry(), ({ begin, counting }) => {
  let tx: Transaction;
  let env: Environment;
  const actors = { users: 'user', companies: 'company' };

  beforeEach(async () => {
    const first = await begin();
    await first.env.model('company').create([{ name: 'North' }, { name: 'South' }]);
    await first.env.model('user').create([{ name: 'Ann', company: 1 }, { name: 'Bob', company: 2 }, { name: 'Cleo' }]);
    await first.commit();
    tx = await begin({ uid: 1, ...actors });
    await tx.meetUser();
    env = tx.env;
  });

  /** The same transaction's work, seen by another that begins after its commit. */
  async function later(uid = 1): Promise<Environment> {
    await tx.commit();
    tx = await begin({ uid, ...actors });
    await tx.meetUser();
    env = tx.env;
    return env;
  }
  const thing = (at: Environment = env): RecordSet => at.model('thing').browse(1);
  const read = (name: string, at: Environment = env): Promise<unknown> => at.run(() => thing(at).get(name));

  test('every company has a value of its own', async () => {
    await env.model('thing').create({ name: 'lamp', price: 10, cost: '1.5', serial: 2n ** 60n, since: new Date(5) });
    expect([await read('price'), await read('price', env.withCompany(2))]).toEqual([10, null]);
    thing(env.withCompany(2)).set('price', 20);
    expect([thing().get('price'), thing(env.withCompany(2)).get('price')]).toEqual([10, 20]);
    await later();
    expect([await read('price'), await read('price', env.withCompany(2))]).toEqual([10, 20]);
    expect([await read('cost'), await read('serial'), await read('since')]).toEqual(['1.50', 2n ** 60n, new Date(5)]);
    expect(await read('cost', env.withCompany(2))).toBeNull();
    await later(2);
    expect([env.companyId, await read('price')]).toEqual([2, 20]);
    await tx.cache.check(env);
  });

  test('all companies of a record come in one statement, and a write is one that changes its own key only', async () => {
    await env.model('thing').create([{ name: 'lamp', price: 1 }, { name: 'desk', price: 2 }]);
    await tx.flush();
    env.withCompany(2).model('thing').browse(2).set('price', 3);
    await later();
    const things = env.model('thing').browse([1, 2]);
    expect(await counting(tx, () => things.load(['price', 'cost', 'name']))).toBe(1);
    expect(await counting(tx, () => things.at(1)?.withEnv(env.withCompany(2)).get('price'))).toBe(0);
    await things.write({ price: 7 });
    await things.at(0)?.withEnv(env.withCompany(2)).write({ price: 8 });
    await things.at(0)?.withEnv(env.withContext({ lang: 'fr' })).write({ name: 'lampe' });
    expect(await counting(tx, () => tx.flush())).toBe(2);
    await later(2);
    expect(await env.run(() => [...env.model('thing').browse([1, 2])].map((one) => one.get('price')))).toEqual([8, 3]);
    expect(await read('name', env.withContext({ lang: 'fr' }))).toBe('lampe');
  });

  test('without a company there is no value to read, and none is written', async () => {
    await env.model('thing').create({ name: 'lamp', price: 10 });
    const nobody = env.withUser(3);
    expect(await read('price', nobody)).toBeNull();
    expect(() => { thing(nobody).set('price', 3); }).toThrow(/withCompany/);
    await expect(nobody.model('thing').create({ name: 'x', price: 3 })).rejects.toMatchObject({ code: 'TX_COMPANY_MISSING' });
    await nobody.model('thing').create({ name: 'y' });
  });

  test('a relation may differ by company, and paths follow it', async () => {
    await env.model('shelf').create([{ name: 'top' }, { name: 'low' }]);
    await env.model('thing').create({ name: 'lamp', shelf: 1 });
    await thing(env.withCompany(2)).write({ shelf: 2 });
    expect([await read('shelfName'), await read('shelfName', env.withCompany(2))]).toEqual(['top', 'low']);
    env.withContext({ lang: 'fr' }).model('shelf').browse(1).set('name', 'en haut');
    expect(await read('shelfName', env.withContext({ lang: 'fr' }))).toBe('en haut');
  });

  test('a translation falls back to the source language, and follows it until it has a value of its own', async () => {
    await env.model('thing').create({ name: 'lamp' });
    const [french, german] = [env.withContext({ lang: 'fr' }), env.withContext({ lang: 'de' })];
    expect([await read('name', french), await read('name', german)]).toEqual(['lamp', 'lamp']);
    thing().set('name', 'light');
    expect([thing(french).get('name'), thing(german).get('name')]).toEqual(['light', 'light']);
    thing(french).set('name', 'lampe');
    thing(env.withContext({ lang: 'en_US' })).set('name', 'lantern');
    expect([thing().get('name'), thing(french).get('name'), thing(german).get('name')]).toEqual(['lantern', 'lampe', 'lantern']);
    await later();
    const again = env.withContext({ lang: 'fr' });
    thing().set('name', 'torch');
    expect([await read('name', again), await read('name', env.withContext({ lang: 'de' })), await read('name')]).toEqual(['lampe', 'torch', 'torch']);
    await later();
    await tx.cache.check(env);
    expect([await read('name', env.withContext({ lang: 'fr' })), await read('name', env.withContext({ lang: 'it' }))]).toEqual(['lampe', 'torch']);
    await tx.cache.check(env);
  });

  test('writing the same text as the source makes it a translation; null in a language is null there', async () => {
    await env.model('thing').create({ name: 'lamp', note: 'n' });
    const french = env.withContext({ lang: 'fr' });
    await thing(french).load(['name', 'note']);
    await thing(french).write({ name: 'lamp', note: null });
    thing().set('name', 'light');
    await later();
    const again = env.withContext({ lang: 'fr' });
    expect([await read('name', again), await read('note', again), await read('note')]).toEqual(['lamp', null, 'n']);
  });

  test('a record created in a language has that text in the source, too', async () => {
    const french = env.withContext({ lang: 'fr' });
    await french.model('thing').create({ name: 'lampe' });
    expect([await read('name'), await read('name', french)]).toEqual(['lampe', 'lampe']);
    thing().set('name', 'lamp');
    expect([await read('name'), await read('name', french)]).toEqual(['lamp', 'lampe']);
    await later();
    expect([await read('name'), await read('name', env.withContext({ lang: 'fr' }))]).toEqual(['lamp', 'lampe']);
  });

  test('what is computed from such values is computed for each company and language', async () => {
    await env.model('thing').create([{ name: 'lamp', price: 1 }, { name: 'desk', twin: 1 }]);
    const south = env.withCompany(2);
    await thing(south).write({ price: 2 });
    const french = south.withContext({ lang: 'fr' });
    await thing(french).write({ name: 'lampe' });
    const twin = env.model('thing').browse(2);
    await twin.load(['twinPrice']);
    await twin.withEnv(south).load(['twinPrice']);
    expect([twin.get('twinPrice'), twin.withEnv(south).ensureOne().get('twinPrice')]).toEqual([1, 2]);
    expect([await read('tag'), await read('tag', south), await read('tag', french)]).toEqual(['lamp 1', 'lamp 2', 'lampe 2']);
    thing(south).set('price', 3);
    expect([await read('tag'), await read('tag', french)]).toEqual(['lamp 1', 'lampe 3']);
    await tx.flush();
    expect((await tx.readStored('thing', [1], ['price', 'name'])).columns).toEqual([[1], ['lamp']]);
  });

  test('a rollback to a savepoint takes values of every company and language back', async () => {
    await env.model('thing').create({ name: 'lamp', price: 1 });
    const french = env.withContext({ lang: 'fr' });
    await thing(french).load(['name', 'price']);
    await expect(tx.savepoint(async () => {
      thing(french).set('name', 'lampe');
      thing(env.withCompany(2)).set('price', 2);
      thing().set('name', 'light');
      await tx.flush();
      throw new Error('back');
    })).rejects.toThrow('back');
    expect([thing().get('name'), thing(french).get('name'), await read('price', env.withCompany(2))]).toEqual(['lamp', 'lamp', null]);
    thing().set('name', 'torch');
    expect(thing(french).get('name')).toBe('torch');
  });

  test('towrite shows them by key', async () => {
    await env.model('thing').create({ name: 'lamp', price: 1 });
    await tx.flush();
    thing(env.withCompany(2)).set('price', 2);
    thing().set('price', 3);
    expect(tx.towrite.get('thing')?.get(1)?.get('price')).toEqual({ 1: 3, 2: 2 });
  });
});
