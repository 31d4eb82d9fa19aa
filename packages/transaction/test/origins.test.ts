import { channels } from '@ormolu/kernel';
import { StorageRung } from '@ormolu/storage';
import { memory } from '@ormolu/storage/memory';
import { Transaction } from '../src/index';
import { Origins } from '../src/reading/origins';
import { geo } from './support/geo';
import { one, populate } from './support/open';

const registry = geo.registry();

async function explaining(): Promise<Transaction> {
  const storage = memory();
  await storage.migrate(registry.schema);
  const tx = new Transaction({ registry, session: await storage.open({ schema: registry.schema }), rung: new StorageRung(), explain: true });
  await populate(tx);
  return tx;
}

test('what is recorded has bounds: the newest steps of a value, the records last met of a field', async () => {
  const { undo } = await explaining();
  const field = registry.field('city', 'name');
  const origins = new Origins(undo);
  const ids = Array.from({ length: 10_001 }, (_, n) => n + 1);
  origins.note(field, ids, { what: 'fetched' });
  expect([origins.of(field, 1).length, origins.of(field, 2).length, origins.of(field, 10_001).length]).toEqual([0, 1, 1]);
  for (let n = 0; n < 20; n += 1) origins.note(field, [2], { what: 'assigned' });
  expect(origins.of(field, 2).map(({ what }) => what)).toEqual(Array.from({ length: 16 }, () => 'assigned'));
});

test('explaining sends nothing and changes nothing', async () => {
  const tx = await explaining();
  await tx.env.model('city').browse([1, 2]).load(['name', 'displayName']);
  one(tx, 'country', 1).set('name', 'Belgique');
  const figures = (): unknown => ({ statements: tx.session.statements, triggers: tx.triggers.size, towrite: tx.towrite, values: tx.cache.stats().values });
  const before = figures();
  for (const { name } of tx.registry.model('city').fields.values()) tx.explain(one(tx, 'city', 1), name);
  expect(figures()).toEqual(before);
});

test('nobody listens any more when a question is answered', async () => {
  const tx = await explaining();
  // Channels belong to the process, where others may be listening.
  const before = [channels.statement.hasSubscribers, channels.answer.hasSubscribers];
  await one(tx, 'city', 1).load(['name']);
  expect([channels.statement.hasSubscribers, channels.answer.hasSubscribers]).toEqual(before);
});

test('a mark that a rollback took back leaves no trace', async () => {
  const tx = await explaining();
  const city = one(tx, 'city', 1);
  await city.load(['name', 'country.name', 'displayName']);
  await expect(tx.savepoint(() => {
    city.set('name', 'Gand');
    throw new Error('second thoughts');
  }, { flush: false })).rejects.toThrow('second thoughts');
  expect(tx.explain(city, 'displayName')).toMatchObject({ origin: 'fetched', causes: [], history: ['fetched'] });
});

test('a transaction that recorded nothing holds nothing to record with', async () => {
  const storage = memory();
  await storage.migrate(registry.schema);
  const tx = new Transaction({ registry, session: await storage.open({ schema: registry.schema }), rung: new StorageRung() });
  expect(tx.origins).toBeUndefined();
});

test('a record of another transaction is refused', async () => {
  const [tx, other] = [await explaining(), await explaining()];
  expect(() => tx.explain(one(other, 'city', 1), 'name')).toThrow('Give a record of this transaction');
});
