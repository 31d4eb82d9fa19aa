import { OrmoluError } from '@ormolu/kernel';
import { inspect } from 'node:util';
import type { RecordSet, Transaction } from '../src/index';
import { one, open, populate } from './support/open';

let tx: Transaction;

beforeEach(async () => {
  ({ tx } = await open());
  await populate(tx);
});

/** Everything as a program without a compiler may call it. */
type Unchecked = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
const loose = (target: unknown): Unchecked => target as Unchecked;
const cities = (): RecordSet => tx.env.model('city');

async function refusal(call: () => unknown): Promise<OrmoluError> {
  const error: unknown = await Promise.resolve().then(call).then(() => new Error('nothing was refused'), (thrown: unknown) => thrown);
  if (!OrmoluError.is(error)) throw error;
  return error;
}

test.each([undefined, null, Number.NaN, 1.5, '1', '', 1n, true, {}, new Set([1]), new Date(0), 2 ** 31, Symbol('id'), [undefined], [null], [1, '2'], [[1]]].map((id) => [inspect(id), id]))(
  'browse refuses %s, which is the id of no record', async (_, id) => {
    expect(await refusal(() => loose(cities())['browse']?.(id))).toMatchObject({ code: 'TX_ARGUMENT', message: expect.stringContaining('Give an id of city, or a list of them; they are whole numbers of 4 bytes.') });
  },
);

test('a set does not change with the list it was browsed by', () => {
  const ids = [1];
  const set = cities().browse(ids);
  ids.push(2);
  expect(set.ids).toEqual([1]);
  expect(cities().browse([2, 1, 2]).ids).toEqual([2, 1]);
});

test.each<readonly [call: string, run: () => unknown, message: RegExp]>([
  ['load()', () => loose(cities())['load']?.(), /load\(\) was given undefined. Give a list of names/],
  ['load(text)', () => loose(one(tx, 'city', 1))['load']?.('name'), /load\(\) was given a string. Give a list of names: \['name'\]/],
  ['load([7])', () => loose(one(tx, 'city', 1))['load']?.([7]), /a whole number. Give names, each a text/],
  ['read(text)', () => loose(one(tx, 'city', 1))['read']?.('name'), /read\(\) was given a string/],
  ['mapped(function)', () => loose(one(tx, 'city', 1))['mapped']?.(() => 1), /mapped\(\) was given a function.*\[\.\.\.records\]\.map/],
  ['filtered(text)', () => loose(one(tx, 'city', 1))['filtered']?.('name'), /filtered\(\) was given a string. Give a function/],
  ['filtered(async)', () => loose(one(tx, 'city', 1))['filtered']?.(() => Promise.resolve(false)), /given to filtered\(\) returned a promise/],
  ['sorted()', () => loose(cities().browse([1, 2]))['sorted']?.(), /sorted\(\) was given undefined. Give a function/],
  ['sorted by nothing', () => loose(cities().browse([1, 2]))['sorted']?.((city: { naem?: string }) => city.naem), /given to sorted\(\) returned undefined. Is the name of the field right/],
  ['sorted(key, word)', () => loose(cities().browse([1, 2]))['sorted']?.((city: RecordSet) => city.id, 'descending'), /'asc' or 'desc'/],
  ['grouped(text)', () => loose(one(tx, 'city', 1))['grouped']?.('name'), /grouped\(\) was given a string/],
  ['union()', () => loose(one(tx, 'city', 1))['union']?.(), /joined or compared with undefined. Give a set of city/],
  ['union(ids)', () => loose(one(tx, 'city', 1))['union']?.([2]), /joined or compared with a list/],
  ['union(another model)', () => loose(one(tx, 'city', 1))['union']?.(one(tx, 'country', 1)), /with records of country. Give a set of city/],
  ['create()', () => loose(cities())['create']?.(), /create\(\) was given undefined. Give an object of values by field/],
  ['create(null)', () => loose(cities())['create']?.([null]), /create\(\) was given null/],
  ['create(Map)', () => loose(cities())['create']?.(new Map([['name', 'Bruges']])), /create\(\) was given a Map/],
  ['write(null)', () => loose(one(tx, 'city', 1))['write']?.(null), /write\(\) was given null/],
  ['write(list)', () => loose(one(tx, 'city', 1))['write']?.([]), /write\(\) was given a list/],
  ['modified(text)', () => loose(one(tx, 'city', 1))['modified']?.('name'), /modified\(\) was given a string/],
  ['invalidate(text)', () => loose(one(tx, 'city', 1))['invalidate']?.('name'), /invalidate\(\) was given a string/],
  ['recompute(text)', () => loose(one(tx, 'city', 1))['recompute']?.('name'), /recompute\(\) was given a string/],
  ['flush(text)', () => loose(one(tx, 'city', 1))['flush']?.('name'), /flush\(\) was given a string/],
  ['run(number)', () => loose(tx)['run']?.(7), /run\(\) was given a whole number. Give a function/],
  ['savepoint(number)', () => loose(tx)['savepoint']?.(7), /savepoint\(\) was given a whole number/],
  ['protecting(text)', () => loose(tx)['protecting']?.('name', one(tx, 'city', 1), () => 1), /protecting\(\) was given a string. Give a list of fields/],
  ['a hook that is none', () => loose(tx.precommit)['add']?.(7), /add\(\) was given a whole number. Give a function/],
  ['withUser(text)', () => loose(tx.env)['withUser']?.('joe'), /withUser\(\) was given a string/],
  ['withUser of an object', () => loose(tx.env)['withUser']?.({ id: 1 }), /withUser\(\) was given an object/],
  ['withCompany of an object', () => loose(tx.env)['withCompany']?.({ id: 1 }), /withCompany\(\) was given an object/],
  ['withCompany(null)', () => loose(tx.env)['withCompany']?.(null), /withCompany\(\) was given null/],
  ['withUser()', () => loose(tx.env)['withUser']?.(), /withUser\(\) was given undefined/],
  ['withContext(text)', () => loose(tx.env)['withContext']?.('fr'), /withContext\(\) was given a string/],
  ['withContext(number)', () => loose(tx.env)['withContext']?.(5), /withContext\(\) was given a whole number. Give an object of context keys: \{ lang/],
  ['env.flush(number)', () => loose(tx.env)['flush']?.(5), /flush\(\) was given a whole number. Give a list of fields/],
  ['a record for a context', () => loose(tx.env)['withContext']?.([one(tx, 'city', 1)]), /a list. Give an object of context keys/],
  ['a record for a name', () => loose(one(tx, 'city', 1))['load']?.(one(tx, 'country', 1)), /load\(\) was given a RecordSet of country/],
  ['protecting([{}])', () => loose(tx)['protecting']?.([{}], one(tx, 'city', 1), () => 1), /protecting\(\) was given an object.*names of fields/],
  ['new(values, number)', () => loose(cities())['new']?.({}, 5), /new\(\) was given a whole number. Give an object of options: \{ origin, ref \}/],
  ['a misspelt option of a draft', () => loose(cities())['new']?.({}, { orign: 1 }), /new\(\) has no option 'orign'. Did you mean 'origin'/],
  ['an origin that is no id', () => loose(cities())['new']?.({}, { origin: 'a' }), /new\(\) was given a string. Give an id of city/],
  ['recompute of what is not computed', () => loose(one(tx, 'city', 1))['recompute']?.(['name']), /Give computed fields: nothing computes city.name/],
  ['tx.flush(object)', () => loose(tx)['flush']?.({ city: [] }), /flush\(\) was given an object. Give a list of fields/],
  ['tx.flush(text)', () => loose(tx)['flush']?.('abc'), /flush\(\) was given a string. Give a list of fields/],
  ['tx.flush of names', () => loose(tx)['flush']?.([['city', ['name']]]), /flush\(\) was given a string. Give a list of fields/],
  ['a misspelt option of a search', () => loose(cities())['search']?.({}, { limti: 1 }), /search\(\) has no option 'limti'. Did you mean 'limit'/],
  ['options that are null', () => loose(cities())['search']?.({}, null), /search\(\) was given null/],
  ['an order that is a text', () => loose(cities())['search']?.({}, { order: 'name' }), /order\(\) was given a string. Give a list of names/],
])('%s says what to give, and the transaction goes on', async (_, run, message) => {
  expect(await refusal(run)).toMatchObject({ code: 'TX_ARGUMENT', message: expect.stringMatching(message) });
  expect(tx.state).toBe('open');
  expect((await one(tx, 'city', 1).read(['name']))[0]).toMatchObject({ name: 'Ghent' });
});

describe('a filter that would find everything, or something else than was meant, is refused:', () => {
  test.each<readonly [what: string, filter: () => unknown, message: RegExp]>([
    ['an id that is undefined', () => ({ id: undefined }), /'id' is undefined.*leave it out/],
    ['a value that is undefined', () => ({ or: [{ name: undefined }] }), /'name' is undefined/],
    ['no comparison', () => ({ id: {} }), /'id' has no comparison/],
    ['a Map', () => new Map([['name', 'Ghent']]), /A filter is an object/],
    ['a date', () => new Date(), /A filter is an object/],
    ['a record', () => one(tx, 'city', 1), /A filter is an object/],
    ['a record of another model', () => ({ country: one(tx, 'city', 1) }), /'country' is compared with a record of city.*give one of country/],
    ['a record of another model for the id', () => ({ id: one(tx, 'country', 1) }), /'id' is compared with a record of country.*give one of city/],
    ['a record of another model behind a path', () => ({ 'country.id': one(tx, 'city', 1) }), /'country.id' is compared with a record of city.*give one of country/],
    ['several records for one', () => ({ country: tx.env.model('country').browse([1, 2]) }), /2 records.*in:/],
    ['isNull that is no boolean', () => ({ name: { isNull: 'no' } }), /'isNull' of 'name' is a string.*true or false/],
    ['exists that is no boolean', () => ({ country: { exists: 1 } }), /'exists' of 'country' is a whole number/],
  ])('%s', async (_, filter, message) => {
    expect(await refusal(() => cities().search(filter()))).toMatchObject({ code: 'FILTER_INVALID', message: expect.stringMatching(message) });
    expect(await refusal(() => cities().count(filter()))).toMatchObject({ code: 'FILTER_INVALID' });
  });

  test('one that contains itself', async () => {
    const filter: Record<string, unknown> = {};
    filter['not'] = filter;
    expect(await refusal(() => cities().search(filter))).toMatchObject({ code: 'FILTER_INVALID', message: expect.stringContaining('nested deeper than 200 levels') });
  });

  test('records of the right model are not', async () => {
    expect((await cities().search({ country: one(tx, 'country', 1) })).length).toBeGreaterThan(0);
    expect((await cities().search({ id: one(tx, 'city', 1) })).ids).toEqual([1]);
    expect((await cities().search({ 'country.id': one(tx, 'country', 1) })).length).toBeGreaterThan(0);
    expect((await cities().search({ country: tx.env.model('country') })).ids).toEqual((await cities().search({ country: null })).ids);
  });
});

describe('a name that no field has', () => {
  test('is refused where it is assigned, with the nearest, in strict code and elsewhere', () => {
    const city = one(tx, 'city', 1) as unknown as Record<string, unknown>;
    expect(() => {
      city['naem'] = 'Gent';
    }).toThrow("Model 'city' has no field 'naem'. Did you mean 'name'?");
    // The body of a Function is sloppy code, where a property that cannot be added is passed over in silence.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const sloppy = new Function('city', 'city.naem = 1') as (city: unknown) => void;
    expect(() => sloppy(city)).toThrow("Did you mean 'name'?");
    expect(Object.keys(city)).not.toContain('naem');
  });

  test.each(['id', 'model', 'length'])('%s is not assigned, in strict code and elsewhere', (name) => {
    const city = one(tx, 'city', 1) as unknown as Record<string, unknown>;
    expect(() => {
      city[name] = 5;
    }).toThrow(`city(1).${name} cannot be assigned. `);
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const sloppy = new Function('city', `city.${name} = 5`) as (city: unknown) => void;
    expect(() => sloppy(city)).toThrow('cannot be assigned');
    expect([city['id'], city['model'], city['length']]).toEqual([1, 'city', 1]);
  });

  test('reads as undefined, because printing, comparing and awaiting look for such names', async () => {
    const city = one(tx, 'city', 1);
    expect((city as unknown as Record<string, unknown>)['naem']).toBeUndefined();
    expect(await Promise.resolve(city)).toBe(city);
  });

  test.each([undefined, null, 7, {}])('is told also when it is %p', async (name) => {
    expect(await refusal(() => loose(tx.env)['model']?.(name))).toMatchObject({ code: 'MODEL_UNKNOWN' });
    expect(await refusal(() => loose(one(tx, 'city', 1))['get']?.(name))).toMatchObject({ code: 'FIELD_UNKNOWN' });
  });
});

test('ids stand at the end of paths', async () => {
  const both = cities().browse([1, 2]);
  expect(both.mapped('id')).toEqual([1, 2]);
  await both.load(['id', 'country.id']);
  expect(both.mapped('country.id')).toEqual((both.mapped('country') as RecordSet).ids);
});

test('records are printed and sent as what they are, without the transaction behind them and without their values', async () => {
  const city = await one(tx, 'city', 1).load(['name']);
  expect(JSON.stringify({ city })).toBe('{"city":{"model":"city","ids":["1"]}}');
  expect(inspect(city)).toBe('city(1)');
  expect(String(city)).toBe('city(1)');
});
