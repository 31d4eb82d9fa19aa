import { Cache, CacheInconsistentError, contextKey, MISS, type CacheField, type CheckEnvironment } from '@ormolu/cache';
import { environmentOf, TestRecords } from '@ormolu/cache/testing';
import { NewId, type StoredId } from '@ormolu/kernel';

const name: CacheField = { model: 'city', name: 'name', dependsContext: [] };
const size: CacheField = { model: 'city', name: 'size', dependsContext: [] };
const label: CacheField = { model: 'city', name: 'label', dependsContext: [], stored: false };
const slogan: CacheField = { model: 'city', name: 'slogan', dependsContext: ['lang'] };
const tag: CacheField = { model: 'tag', name: 'name', dependsContext: [] };
const id: CacheField = { model: 'city', name: 'id', dependsContext: [] };

type Rows = Readonly<Record<string, ReadonlyMap<StoredId, Readonly<Record<string, unknown>>>>>;

/** A database of plain rows, with the questions it was asked. */
class Database implements CheckEnvironment {
  readonly asked: [model: string, ids: readonly StoredId[], fields: readonly string[]][] = [];
  readonly #rows: Rows;
  readonly #lang: string;
  readonly #langs: readonly string[];
  during: () => void = () => undefined;

  constructor(rows: Rows, lang = 'fr', langs: readonly string[] = []) {
    this.#rows = rows;
    this.#lang = lang;
    this.#langs = langs;
  }

  cacheKey(field: CacheField) {
    if (field.dependsContext.length === 0) throw new Error(`asked for the context of '${field.name}', which depends on none`);
    return environmentOf({ lang: this.#lang }).cacheKey(field);
  }

  inContext(_field: CacheField, key: unknown): CheckEnvironment | undefined {
    const lang = this.#langs.find((one) => contextKey([one]) === key);
    return lang === undefined ? undefined : new Database(this.#rows, lang);
  }

  async readStored(model: string, ids: readonly StoredId[], fields: readonly string[]) {
    this.asked.push([model, ids, fields]);
    await Promise.resolve();
    this.during();
    const known = ids.filter((one) => this.#rows[model]?.has(one)).toReversed();
    const lang = this.#lang;
    return { ids: known, columns: fields.map((field) => known.map((one) => this.#rows[model]?.get(one)?.[field === 'slogan' ? `slogan.${lang}` : field])) };
  }
}

const cities = (...ids: TestRecords['ids']) => new TestRecords('city', ids, environmentOf({}));
const inLang = (lang: string, ...ids: TestRecords['ids']) => new TestRecords('city', ids, environmentOf({ lang }));
const rows: Rows = {
  city: new Map([[1, { name: 'Ghent', size: 10, 'slogan.fr': 'oui', 'slogan.nl': 'ja' }], [2, { name: 'Paris', size: 20, 'slogan.fr': 'non', 'slogan.nl': 'nee' }]]),
  tag: new Map([[1, { name: 'old' }]]),
};

test('a cache that agrees with the database passes', async () => {
  const cache = new Cache();
  const database = new Database(rows);
  cache.update(cities(1, 2), name, ['Ghent', 'Paris']);
  cache.set(cities(1), size, 10);
  cache.set(cities(1), id, 1);
  cache.set(cities(1), label, 'not stored');
  cache.set(inLang('fr', 2), slogan, 'non');
  await cache.check(database);
  expect(await cache.checkReport(database)).toMatchObject({ differences: [], compared: 4, skipped: 0 });
  expect(database.asked[0]).toEqual(['city', [1, 2], ['name', 'size', 'slogan']]);
});

test('an error lists every difference, and a row that does not exist is one', async () => {
  const cache = new Cache();
  cache.update(cities(1, 2, 3), name, ['Ghent', 'Rome', 'Oslo']);
  cache.set(cities(2), size, null);
  cache.set(new TestRecords('tag', [1], environmentOf({})), tag, 'new');
  const error: unknown = await cache.check(new Database(rows)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CacheInconsistentError);
  const differences = (error as CacheInconsistentError).differences;
  expect(differences.map(({ model, id: at, field, cached, stored, context }) => [model, at, field, context, cached, stored])).toEqual([
    ['city', 2, 'name', '[]', 'Rome', 'Paris'], ['city', 3, 'name', '[]', 'Oslo', MISS], ['city', 2, 'size', '[]', null, 20], ['tag', 1, 'name', '[]', 'new', 'old'],
  ]);
  expect((error as Error).message).toMatch(/^4 cached values differ from the database: city\(2\)\.name in context \[\], city\(3\)\.name/);
  expect((error as Error).message).not.toMatch(/Rome|Oslo|more/);
  expect((error as CacheInconsistentError).details).toEqual({ differences });
});

test('a long list is told in part and kept whole', async () => {
  const cache = new Cache();
  cache.update(cities(...Array.from({ length: 12 }, (_, at) => at + 10)), name, Array.from({ length: 12 }, () => 'x'));
  const { differences } = await cache.checkReport(new Database(rows));
  expect(new CacheInconsistentError(differences).message).toMatch(/city\(19\)\.name in context \[\], and 2 more\. /);
});

test('dirty values, drafts and contexts without an environment are left aside and counted', async () => {
  const cache = new Cache();
  cache.update(cities(1, new NewId()), name, ['Ghent', 'draft']);
  cache.set(cities(1), size, 99, { dirty: true });
  cache.update(inLang('nl', 1, 2), slogan, ['ja', 'wrong']);
  cache.update(inLang('de', 1, 2), slogan, ['ja', 'nein']);
  const database = new Database(rows, 'fr', ['nl']);
  expect(await cache.checkReport(database)).toMatchObject({ compared: 3, skipped: 4, differences: [{ id: 2, context: contextKey(['nl']), stored: 'nee' }] });
});

test('records are read in batches of the size asked for', async () => {
  const cache = new Cache();
  cache.update(cities(1, 2, 3, 4, 5), name, ['Ghent', 'Paris', 'x', 'x', 'x']);
  const database = new Database(rows);
  expect((await cache.checkReport(database, { batchSize: 2 })).differences).toHaveLength(3);
  expect(database.asked.map(([, ids]) => ids)).toEqual([[1, 2], [3, 4], [5]]);
  expect((await cache.checkReport(database, { batchSize: 0 })).compared).toBe(5);
  expect(database.asked.slice(3)).toHaveLength(5);
});

test('a thousand records are read at a time', async () => {
  const cache = new Cache();
  const ids = Array.from({ length: 1_001 }, (_, at) => at + 1);
  cache.update(cities(...ids), name, ids);
  const database = new Database(rows);
  await cache.checkReport(database);
  expect(database.asked.map(([, asked]) => asked.length)).toEqual([1_000, 1]);
});

test('what changes, or is cleared, while the database answers is left aside', async () => {
  const cache = new Cache();
  cache.update(cities(1, 2), name, ['wrong', 'wrong']);
  cache.update(cities(1, 2), size, [0, 0]);
  const database = new Database(rows);
  database.during = () => {
    cache.set(cities(1), name, 'changed');
    cache.markDirty(cities(2), size);
  };
  expect(await cache.checkReport(database)).toMatchObject({ compared: 2, skipped: 2, differences: [{ id: 2, field: 'name' }, { id: 1, field: 'size' }] });
  database.during = () => { cache.clear(); };
  database.asked.length = 0;
  expect(await cache.checkReport(database, { batchSize: 1 })).toMatchObject({ differences: expect.any(Array) });
  expect(database.asked).toHaveLength(1);
});

test('a value that is no number is compared like any other', async () => {
  const cache = new Cache();
  cache.set(cities(1), size, Number.NaN);
  expect(await cache.checkReport(new Database(rows))).toMatchObject({ compared: 1, skipped: 0, differences: [{ id: 1, field: 'size', stored: 10 }] });
});

test('the caller may say what is the same', async () => {
  const cache = new Cache();
  cache.set(cities(1), name, 'GHENT');
  const same = (cached: unknown, stored: unknown, field: CacheField) => field === name && String(cached).toLowerCase() === String(stored).toLowerCase();
  await cache.check(new Database(rows), { same });
  await expect(cache.check(new Database(rows))).rejects.toThrow(CacheInconsistentError);
});
