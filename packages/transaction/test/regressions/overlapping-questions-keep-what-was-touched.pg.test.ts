import type { Transaction } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { geo } from '../support/geo';
import { one } from '../support/open';

everywhere(geo.registry(), ({ begin }) => {
  /** Ghent is Bruges' twin, and known as it, when the session deletes it behind memory's back. */
  async function bereaved(): Promise<Transaction> {
    const tx = await begin({ sight: true });
    await tx.env.model('country').create([{ name: 'Belgium' }]);
    await tx.env.model('city').create([{ name: 'Ghent', country: 1 }, { name: 'Bruges', country: 1 }]);
    await one(tx, 'city', 2).write({ twin: 1 });
    await tx.flush();
    tx.clear();
    await one(tx, 'city', 2).load(['twin', 'name']);
    await tx.session.delete('city', [1]);
    return tx;
  }

  /** The next statement has memory forget what earlier ones have touched. */
  async function twinAfterAStatement(tx: Transaction): Promise<unknown> {
    one(tx, 'city', 2).set('name', 'Brugge');
    await tx.flush();
    await one(tx, 'city', 2).load(['twin']);
    return one(tx, 'city', 2).get('twin');
  }

  test('what the database changed beside somebody\'s own statement is forgotten with the next one, when questions overlapped in between', async () => {
    const tx = await bereaved();
    await Promise.all([tx.env.model('city').count({}), tx.env.model('country').count({}), tx.env.model('region').count({})]);
    expect(await twinAfterAStatement(tx)).toBeNull();
  });

  test('the same when a question in between has failed', async () => {
    const tx = await bereaved();
    await expect(tx.below.read({ model: 'country', ids: [1], fields: ['nope'] })).rejects.toThrow('nope');
    expect(await twinAfterAStatement(tx)).toBeNull();
  });
});
