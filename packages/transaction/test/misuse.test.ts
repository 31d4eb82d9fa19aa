import type { Transaction } from '../src/index';
import { one, open, populate } from './support/open';

let tx: Transaction;
let again: () => Promise<Transaction>;

beforeEach(async () => {
  ({ tx, again } = await open());
  await populate(tx);
});

test('a misspelt path names the nearest field, and nothing is asked of the database', async () => {
  await expect(one(tx, 'city', 1).load(['contry.name'])).rejects.toThrow("Model 'city' has no field 'contry'. Did you mean 'country'?");
  await expect(one(tx, 'city', 1).load(['country.nme'])).rejects.toThrow("Did you mean 'name'?");
  await expect(one(tx, 'city', 1).load(['name.length'])).rejects.toMatchObject({ code: 'PATH_NOT_A_RELATION' });
});

test('an unknown model names the nearest', () => {
  expect(() => tx.env.model('citty')).toThrow("There is no model 'citty'. Did you mean 'city'?");
});

test('a field of several records cannot be read as one', () => {
  expect(() => tx.env.model('city').browse([1, 2]).get('name')).toThrow(/read on a set of 2 records/);
  expect(() => tx.env.model('city').get('name')).toThrow(/read on a set of 0 records/);
});

test('a value of the wrong type is refused whole: nothing of that write is kept, and what was pending stays', async () => {
  await one(tx, 'city', 1).load(['name', 'population']);
  one(tx, 'city', 1).set('population', 1);
  await expect(one(tx, 'city', 1).write({ name: 'Gent', population: 'many' })).rejects.toMatchObject({ code: 'FIELD_VALUE_INVALID' });
  expect(one(tx, 'city', 1).get('name')).toBe('Ghent');
  await tx.commit();
  const later = await again();
  expect(await later.run(() => one(later, 'city', 1).get('population'))).toBe(1);
});

test('the message of a wrong value tells its type and never the value', () => {
  expect(() => {
    one(tx, 'city', 1).set('population', 'secret');
  }).toThrow('city.population is of kind integer and takes a whole number of 4 bytes, from -2147483648 to 2147483647; it was given a string. Convert the value before you write it.');
});

test('a required field takes no null, and a new record needs it', async () => {
  await expect(one(tx, 'city', 1).write({ name: null })).rejects.toMatchObject({ code: 'TX_REQUIRED' });
  await expect(tx.env.model('city').create({ population: 3 })).rejects.toThrow(/A new city needs name/);
});

test('a relation takes a record of its own model', () => {
  expect(() => {
    one(tx, 'city', 1).set('country', one(tx, 'region', 1));
  }).toThrow(/takes one record of country; it was given 1 of region/);
});

test('a pending value of a record that is not there is an error of the flush, naming it, and stays pending', async () => {
  tx.env.model('city').browse(99).set('population', 1);
  await expect(tx.flush()).rejects.toThrow(/city\(99\) does not exist/);
  expect(tx.towrite.get('city')?.get(99)?.get('population')).toBe(1);
});

test('after a statement that failed outside a savepoint every call says what state the transaction is in', async () => {
  await expect(one(tx, 'country', 1).unlink()).rejects.toMatchObject({ code: 'STORAGE_FOREIGN_KEY' });
  expect(tx.state).toBe('failed');
  await expect(one(tx, 'region', 1).load(['name'])).rejects.toThrow(/while the transaction is failed/);
  await expect(tx.commit()).rejects.toMatchObject({ code: 'TX_STATE' });
  await tx.rollback();
  expect(tx.state).toBe('closed');
});

test('a flush inside a flush is refused', async () => {
  one(tx, 'city', 1).set('population', 1);
  const first = tx.flush();
  await expect(tx.flush()).rejects.toThrow(/flush was called while flush is running/);
  await first;
});

test('equal arguments give the same environment', () => {
  const user = tx.env.withUser(3);
  expect(tx.env.withUser(3)).toBe(user);
  expect(user.withContext({ lang: 'nl' })).toBe(tx.env.withUser(3).withContext({ lang: 'nl' }));
  expect(user.withContext({ mode: 0 })).not.toBe(user.withContext({ mode: false }));
  expect([...tx.envs]).toContain(user);
});
