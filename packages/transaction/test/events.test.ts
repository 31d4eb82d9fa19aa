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

test('what new records and drafts are given is told like what is written: columns and lists, defaults too, and not what is computed for them', async () => {
  const { tx } = await open(library.registry());
  const heard: unknown[] = [];
  const listen = (event: unknown): void => void heard.push(event);
  const take = (): unknown[] => heard.splice(0);
  const told = (model: string, fields: Record<string, number>): unknown => expect.arrayContaining(Object.entries(fields).map(([field, records]) => ({ model, field, records })));
  subscribe(channels.write.name, listen);
  try {
    await tx.env.model('author').create([{ name: 'Ann' }, { name: 'Bob', active: false }]);
    expect(take()).toEqual([{ model: 'author', field: 'name', records: 2 }, { model: 'author', field: 'active', records: 2 }]);
    await tx.env.model('shelf').create({ name: 's', books: [{ create: { name: 'a', authors: [1, 2] } }, { create: { name: 'b', pages: 9 } }] });
    const all = take();
    expect(all).toEqual(told('book', { name: 2, pages: 1, shelf: 2, active: 2, authors: 1 }));
    expect(all).toEqual(told('shelf', { name: 1 }));
    expect(all).toHaveLength(6);
    await one(tx, 'book', 2).copy({ authors: [1] });
    expect(take()).toEqual(told('book', { name: 1, pages: 1, shelf: 1, active: 1, authors: 1 }));
    const draft = tx.env.model('book').new({ name: 'c', authors: [1] });
    expect(take()).toEqual([{ model: 'book', field: 'name', records: 1 }, { model: 'book', field: 'authors', records: 1 }]);
    await draft.save();
    expect(take()).toEqual(told('book', { name: 1, authors: 1 }));
    await tx.flush();
    expect(take()).toEqual([]);
  } finally {
    unsubscribe(channels.write.name, listen);
  }
  await expect(tx.savepoint(() => tx.env.model('book').create({ name: 'far too long a name' }))).rejects.toThrow();
  expect(heard).toEqual([]);
});
