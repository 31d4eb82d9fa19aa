import { Cache, CacheInconsistentError, CheckAnswerError, contextKey, InvalidArgumentError, MISS, type CacheField, type CheckEnvironment } from '@ormolu/cache';
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
  const again = new Database(rows);
  await cache.checkReport(again, { batchSize: 5 });
  expect(again.asked.map(([, ids]) => ids)).toEqual([[1, 2, 3, 4, 5]]);
});

test.each([[0, '0'], [-1, '-1'], [Number.NaN, 'NaN'], [1.5, '1.5'], [{}, 'an object'], ['10', 'a string'], [null, 'null']])('a batch of %p records is refused', async (batchSize, said) => {
  const cache = new Cache();
  cache.set(cities(1), name, 'Ghent');
  const checked = cache.check(new Database(rows), { batchSize: batchSize as number });
  await expect(checked).rejects.toThrow(InvalidArgumentError);
  await expect(checked).rejects.toThrow(`Cache.check() was given a batchSize of ${said}. It takes a whole number from 1 up.`);
});

test('what cannot be asked is refused, also when nothing is cached', async () => {
  for (const env of [undefined, null, {}, environmentOf({}), { readStored: () => undefined }]) {
    await expect(new Cache().check(env as unknown as CheckEnvironment)).rejects.toThrow('It takes an object with readStored(model, ids, fields) and cacheKey(field).');
  }
  await expect(new Cache().check(new Database(rows), { same: 5 as never })).rejects.toThrow('a same that is a whole number');
  const cache = new Cache();
  cache.set(inLang('nl', 1), slogan, 'ja');
  const database = new Database(rows);
  database.inContext = () => ({ lang: 'nl' }) as unknown as CheckEnvironment;
  await expect(cache.check(database)).rejects.toThrow('whose inContext() answered an object');
});

test.each([
  ['undefined', undefined, 'answered undefined'],
  ['rows', [{ id: 1, name: 'Ghent' }], 'answered a list'],
  ['no ids', { columns: [['Ghent'], [10]] }, 'ids that are undefined'],
  ['no columns', { ids: [1] }, 'columns that are undefined'],
  ['a column too few', { ids: [1], columns: [['Ghent']] }, "a column of 'size' that is undefined"],
  ['a value too few', { ids: [1, 2], columns: [['Ghent', 'Paris'], [10]] }, "1 values of 'size' for 2 ids"],
  ['an id of another type', { ids: ['1'], columns: [['Ghent'], [10]] }, 'an id that was not asked for, a string'],
  ['an id twice', { ids: [1, 1], columns: [['Ghent', 'Ghent'], [10, 10]] }, 'the id 1 twice'],
])('an answer of readStored with %s is refused, and no difference', async (_, answer, said) => {
  const cache = new Cache();
  cache.update(cities(1, 2), name, ['Ghent', 'Paris']);
  cache.update(cities(1, 2), size, [10, 20]);
  const database = new Database(rows);
  database.readStored = () => Promise.resolve(answer as never);
  const checked = cache.check(database);
  await expect(checked).rejects.toThrow(CheckAnswerError);
  await expect(checked).rejects.toThrow(said);
  await expect(checked).rejects.toThrow(`readStored('city', ids, ["name","size"]) answered`);
});

test('what is cleared while the database answers is no difference', async () => {
  const cache = new Cache();
  cache.update(cities(1, 2), name, ['wrong', 'wrong']);
  const database = new Database(rows);
  database.during = () => { cache.clear(); };
  await cache.check(database);
  expect(database.asked).toHaveLength(1);
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
  expect(await cache.checkReport(database, { batchSize: 1 })).toMatchObject({ differences: [], compared: 0 });
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
