import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { channels } from '@ormolu/kernel';
import { library } from './support/library';
import { one, open, populate } from './support/open';

test('what happens to values and transactions is told to those who listen, in order', async () => {
  const { tx } = await open();
  await populate(tx);
  await tx.env.model('city').browse([1, 2]).load(['name', 'country.cities', 'displayName', 'twin']);
  const heard: unknown[] = [];
  const listen = (event: unknown, name: string | symbol): void => void heard.push([name, event]);
  const watched = [channels.write, channels.mark, channels.compute, channels.transaction];
  for (const channel of watched) subscribe(channel.name, listen);
  try {
    one(tx, 'country', 1).set('name', 'Belgique');
    await tx.savepoint(() => undefined, { flush: false });
    await tx.flush();
    await tx.commit();
  } finally {
    for (const channel of watched) unsubscribe(channel.name, listen);
  }
  expect(heard).toEqual(expect.arrayContaining([
    ['ormolu:write', { model: 'country', field: 'name', records: 1 }],
    ['ormolu:mark', { model: 'city', field: 'displayName', records: 2 }],
    ['ormolu:compute', { model: 'city', fields: ['displayName'], records: 2, failed: false }],
    ['ormolu:transaction', { what: 'savepoint' }],
    ['ormolu:transaction', { what: 'savepoint released' }],
    ['ormolu:transaction', { what: 'flush' }],
  ]));
  expect(heard.at(-1)).toEqual(['ormolu:transaction', { what: 'commit' }]);
});

test('lists that are written are told like any value, with the number of records whose list is another', async () => {
  const { tx } = await open(library.registry());
  await tx.env.model('author').create([{ name: 'Ann' }, { name: 'Bob' }]);
  await tx.env.model('book').create([{ name: 'a', authors: [1] }, { name: 'b' }, { name: 'c', authors: [2] }]);
  const heard: unknown[] = [];
  const listen = (event: unknown): void => void heard.push(event);
  subscribe(channels.write.name, listen);
  try {
    await tx.env.model('book').browse([1, 2, 3]).write({ authors: [1] });
    await one(tx, 'author', 2).write({ books: [{ link: 1 }] });
    await one(tx, 'author', 2).write({ books: [1] });
  } finally {
    unsubscribe(channels.write.name, listen);
  }
  expect(heard).toEqual([{ model: 'book', field: 'authors', records: 2 }, { model: 'author', field: 'books', records: 1 }]);
});
