import { runExample } from './run-example';

test('a home-made ORM embeds the cache alone', () => {
  expect(runExample('03-embed-cache-own-orm.ts')).toEqual([
    'Ghent: 265000, Bruges: 118000, Ypres: 35000',
    'statements for three records and two fields: 2',
    'label after a write: Ghent: 270000',
    'attempt undone: Ghent, pending population',
    'written: 270000 with 3 statements in all',
    expect.stringMatching(/^cache: \d+ hits, \d+ misses, 9 values$/),
  ]);
});

test('the cache stands behind the entities of another ORM', () => {
  expect(runExample('04-embed-cache-behind-entities.ts')).toEqual([
    'two loads: 1 statement',
    'seen through the other entity: België, 11800000',
    'flushed: 3 statements, stored België, 11800000',
    'differences found: country(1).name',
  ]);
}, 60_000);
