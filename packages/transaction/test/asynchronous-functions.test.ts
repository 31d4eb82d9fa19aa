import { char, defineModels, integer } from '@ormolu/registry';
import { ComputeError, type RecordSet, type Transaction } from '../src/index';
import { one, open } from './support/open';

/** As a program without a compiler would write them: what they read is not in memory. */
const late = (async (record: RecordSet) => `${String(await Promise.resolve(record.get('name')))}!`) as never;
const asks = (async () => Promise.resolve({ name: 'Ghent' })) as never;
const models = defineModels({
  city: { name: char(), loud: char(), kept: char({ store: true }), all: char(), sent: char(), found: char(), size: integer({ default: (async () => Promise.resolve(1)) as never }) },
})
  .compute('city', 'loud', ['name'], late)
  .compute('city', 'kept', ['name'], late)
  .computeBatch('city', ['all'], ['name'], (async (cities: RecordSet) => {
    for (const city of cities) city.set('all', await Promise.resolve(city.get('name')));
  }) as never)
  .compute('city', 'sent', ['name'], (city) => city.name)
  .inverse('city', 'sent', late)
  .compute('city', 'found', ['name'], (city) => city.name)
  .search('city', 'found', asks);

let tx: Transaction;
const city = (): RecordSet => one(tx, 'city', 1);
beforeEach(async () => {
  ({ tx } = await open(models.registry()));
  await tx.session.insert({ model: 'city', count: 1, fields: ['name'], columns: [['Ghent']] });
});

/** Promises that nobody awaits, and that fail: each would end the process. */
const lost: unknown[] = [];
const note = (error: unknown): void => void lost.push(error);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => void process.off('unhandledRejection', note));

test.each<[whose: string, call: () => Promise<unknown>]>([
  ['the function given to env.run', () => tx.run(async () => Promise.resolve(city().get('name')))],
  ['a compute', () => tx.run(() => city().get('loud'))],
  ['a compute that is loaded', () => city().load(['loud'])],
  ['a compute of a stored value', () => city().recompute(['kept'])],
  ['a compute of many records', () => tx.run(() => city().get('all'))],
  ['an inverse', () => tx.run(() => { city().set('sent', 'x'); })],
  ['a default', () => tx.env.model('city').create({ name: 'Bruges' })],
  ['a search method', () => tx.env.model('city').search({ found: 'Ghent' })],
])('%s must not be asynchronous, and its promise is let go of', async (_, call) => {
  const thrown: unknown = await call().catch((error: unknown) => error);
  const causes = [thrown, ...(thrown instanceof ComputeError ? thrown.failures.map(({ error }) => error) : []), (thrown as Error).cause];
  expect(causes).toContainEqual(expect.objectContaining({ code: 'RUN_ASYNC' }));
  await new Promise((resolve) => setImmediate(resolve));
  expect(lost).toEqual([]);
});

test('nor what filtered, sorted and grouped are given', async () => {
  for (const call of ['filtered', 'sorted', 'grouped'] as const) expect(() => city()[call](late)).toThrow(/returned a promise/);
  await new Promise((resolve) => setImmediate(resolve));
  expect(lost).toEqual([]);
});
