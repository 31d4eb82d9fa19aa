import { char, defineModels, integer } from '@ormolu/registry';
import type { Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one } from './support/open';

const first = defineModels({ city: { name: char(), label: char({ store: true }), shown: char() }, other: { name: char() } })
  .compute('city', 'label', ['name'], (city) => `<${city.name ?? ''}>`)
  .compute('city', 'shown', ['name'], (city) => `first ${city.name ?? ''}`);
// Versions share what did not change with those built before them.
first.registry();
const second = first.extend({ city: { mayor: char() }, region: { size: integer() } }).compute('city', 'label', ['name', 'mayor'], (city) => `${city.name ?? ''}/${city.mayor ?? ''}`)
  .compute('city', 'shown', ['name'], (city) => `second ${city.name ?? ''}`);

let newest = first.registry();

everywhere(second.registry(), ({ open }) => {
  let tx: Transaction;

  beforeEach(async () => {
    newest = first.registry();
    ({ tx } = await open(newest, { newestRegistry: () => newest }));
    await tx.env.model('city').create({ name: 'Ghent' });
    await tx.flush();
  });

  test('a running transaction keeps its version until it resets; then every environment has the newest', async () => {
    const french = tx.env.withContext({ lang: 'fr' });
    newest = second.registry();
    expect(() => tx.env.model('region')).toThrow(/no model 'region'/);
    expect(tx.registry).toBe(first.registry());
    await tx.reset();
    expect(tx.registry).toBe(second.registry());
    expect(french.registry).toBe(second.registry());
    const region = await french.model('region').create({ size: 3 });
    expect(region.get('size')).toBe(3);
    const city = one(tx, 'city', 1);
    await city.write({ mayor: 'Daniel' });
    await tx.flush();
    expect((await tx.readStored('city', [1], ['label', 'mayor'])).columns).toEqual([['Ghent/Daniel'], ['Daniel']]);
  });

  test('reset forgets what is in memory, what is pending included', async () => {
    one(tx, 'city', 1).set('name', 'Gent');
    await tx.reset();
    expect([tx.towrite.size, tx.tocompute.size, tx.triggers.size]).toEqual([0, 0, 0]);
    expect(() => one(tx, 'city', 1).get('name')).toThrow(/not loaded/);
    await tx.flush();
    expect((await tx.readStored('city', [1], ['name', 'label'])).columns).toEqual([['Ghent'], ['<Ghent>']]);
  });

  test.each([
    ['a recompute', () => one(tx, 'city', 1).recompute(['label', 'shown']), 'Ghent/'],
    ['a recompute of all that is stored', () => one(tx, 'city', 1).recompute(), 'Ghent/'],
    ['a load', () => one(tx, 'city', 1).load(['shown']), '<Ghent>'],
    ['a run', () => tx.run(() => one(tx, 'city', 1).get('shown')), '<Ghent>'],
  ])('%s that waits while it resets gives what the newest version computes', async (_, call, label) => {
    tx.clear();
    const read = tx.below.read.bind(tx.below);
    tx.below.read = async (question) => {
      tx.below.read = read;
      newest = second.registry();
      await tx.reset();
      return read(question);
    };
    await call();
    await one(tx, 'city', 1).load(['shown', 'label']);
    expect([one(tx, 'city', 1).get('shown'), one(tx, 'city', 1).get('label')]).toEqual(['second Ghent', label]);
  });

  test('models that did not change keep their fields and the class of their records', async () => {
    const before = tx.env.model('other');
    newest = second.registry();
    await tx.reset();
    expect(tx.env.model('other').constructor === before.constructor).toBe(true);
    expect('mayor' in tx.env.model('city')).toBe(true);
  });

  test('a rollback to a savepoint brings the old version back, with what was in memory', async () => {
    one(tx, 'city', 1).set('name', 'Gent');
    await expect(tx.savepoint(async () => {
      newest = second.registry();
      await tx.reset();
      await tx.env.model('region').create({ size: 3 });
      throw new Error('back');
    }, { flush: false })).rejects.toThrow('back');
    expect(tx.registry).toBe(first.registry());
    expect(one(tx, 'city', 1).get('label')).toBe('<Gent>');
    expect(() => tx.env.model('region')).toThrow(/no model 'region'/);
    await tx.commit();
  });
});
