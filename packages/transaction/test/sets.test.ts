import type { RecordSet, Transaction } from '../src/index';
import { open, populate } from './support/open';

let tx: Transaction;
let cities: RecordSet;

beforeEach(async () => {
  ({ tx } = await open());
  await populate(tx);
  cities = tx.env.model('city').browse([3, 1, 2]);
  await cities.load(['name', 'population', 'country.name', 'twin']);
});

test('records are grouped by the record they lead to, in the order in which these come', () => {
  const groups = cities.grouped((city) => city.get('country') as RecordSet);
  expect([...groups].map(([country, members]) => [country.get('name'), members.ids])).toEqual([['France', [3]], ['Belgium', [1, 2]]]);
  expect([...cities.grouped((city) => city.get('twin') as RecordSet | null)].map(([twin, { ids }]) => [twin?.id, ids])).toEqual([[1, [3, 2]], [undefined, [1]]]);
  expect([...cities.grouped(() => new Date(7)).values()].map(({ ids }) => ids)).toEqual([[3, 1, 2]]);
  expect([...cities.grouped((city) => city.id)].map(([id]) => id)).toEqual([3, 1, 2]);
  expect(tx.env.model('city').grouped(() => 1).size).toBe(0);
});

test('paths lead to each record once, and to a value for each', () => {
  expect((cities.mapped('country') as RecordSet).ids).toEqual([2, 1]);
  expect(cities.mapped('country.name')).toEqual(['France', 'Belgium']);
  expect(cities.mapped('name')).toEqual(['Lyon', 'Ghent', 'Bruges']);
  expect(cities.mapped('country.id')).toEqual([2, 1]);
  expect((cities.mapped('twin') as RecordSet).ids).toEqual([1]);
  expect(tx.env.model('city').mapped('country.name')).toEqual([]);
});

test('sets keep the order of the first, and each record once', () => {
  const city = tx.env.model('city');
  expect(city.browse([1, 1, 2]).ids).toEqual([1, 2]);
  expect(cities.union(city.browse([2, 9])).ids).toEqual([3, 1, 2, 9]);
  expect(cities.intersect(city.browse([1, 9, 3])).ids).toEqual([3, 1]);
  expect(cities.subtract(city.browse([1])).ids).toEqual([3, 2]);
  expect(cities.sorted((one) => one.get('population') as number, 'desc').ids).toEqual([3, 1, 2]);
  expect(cities.filtered((one) => (one.get('twin') as RecordSet | null) === null).ids).toEqual([1]);
  expect(() => cities.union(tx.env.model('country'))).toThrow(/Give a set of city/);
});

test('read gives plain values, relations as ids', async () => {
  await tx.env.model('country').browse(1).load(['cities']);
  expect(await cities.read(['name', 'country', 'twin'])).toEqual([
    { id: 3, name: 'Lyon', country: 2, twin: 1 }, { id: 1, name: 'Ghent', country: 1, twin: null }, { id: 2, name: 'Bruges', country: 1, twin: 1 },
  ]);
  expect(await tx.env.model('country').browse(1).read(['cities', 'label'])).toEqual([{ id: 1, cities: [1, 2], label: 'Belgium (2)' }]);
  expect((await cities.union(tx.env.model('city').browse(99)).exists()).ids).toEqual([3, 1, 2]);
});

test('records are filtered and sorted by what a function says of each, and equal ones stay in their order', () => {
  expect(cities.filtered((city) => Number(city.get('population')) > 200).ids).toEqual([3, 1]);
  expect(cities.filtered(() => false).ids).toEqual([]);
  expect(cities.sorted((city) => city.get('name') as string).ids).toEqual([2, 1, 3]);
  expect(cities.sorted((city) => city.get('population') as number, 'desc').ids).toEqual([3, 1, 2]);
  expect(cities.sorted((city) => (city.get('country') as RecordSet).get('name') as string).ids).toEqual([1, 2, 3]);
  expect(cities.sorted(() => 1, 'desc').ids).toEqual([3, 1, 2]);
  // What is sorted and filtered travels together as before.
  expect(cities.ids).toEqual([3, 1, 2]);
});
