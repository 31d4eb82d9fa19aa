import { char, defineModels, integer, memory, openOrmolu, OrmoluError, pglite, postgres, type Ormolu } from '../src/index';

const models = defineModels({ city: { name: char(), population: integer() } });

/** The façade for callers whom no compiler checks. */
const open = openOrmolu as unknown as (options?: unknown) => Promise<unknown>;
const unchecked = (db: unknown): { transaction(work?: unknown, options?: unknown): Promise<unknown> } => db as ReturnType<typeof unchecked>;

async function refusal(call: () => unknown): Promise<OrmoluError> {
  const error: unknown = await Promise.resolve().then(call).then(() => new Error('nothing was refused'), (thrown: unknown) => thrown);
  if (!OrmoluError.is(error)) throw error;
  return error;
}

test.each<readonly [what: string, options: unknown, message: RegExp]>([
  ['nothing', undefined, /was given undefined for the options. Give an object/],
  ['null', null, /was given null for the options/],
  ['no models', { storage: memory() }, /undefined for the option 'models'. Give what defineModels\(\) returned/],
  ['models before defineModels', { models: { city: { name: char() } }, storage: memory() }, /an object for the option 'models'/],
  ['no storage', { models }, /undefined for the option 'storage'. Give a storage: pglite\(\)/],
  ['a URL for a storage', { models, storage: 'postgres://localhost/x' }, /a string for the option 'storage'/],
  ['a storage that was not called', { models, storage: memory }, /a function for the option 'storage'/],
  ['a name of users that is none', { models, storage: memory(), users: 7 }, /a whole number for the option 'users'/],
])('a database opened with %s says what to give', async (_, options, message) => {
  expect(await refusal(() => open(options))).toMatchObject({ code: 'DB_OPTION_INVALID', message: expect.stringMatching(message) });
});

test.each<readonly [options: object, message: RegExp]>([
  [{ localCache: { maxEntrys: 5 } }, /no option 'localCache.maxEntrys'. Did you mean 'maxEntries'/],
  [{ localCache: { commands: { maxEntrys: 1 } } }, /no option 'localCache.commands.maxEntrys'. Did you mean 'maxEntries'/],
  [{ caches: { fast: { maxEntrys: 3 } } }, /no option 'caches.fast.maxEntrys'. Did you mean 'maxEntries'/],
  [{ caches: { fast: { maxEntries: 3, l1: { maxByte: 1 } } } }, /no option 'caches.fast.l1.maxByte'. Did you mean 'maxBytes'/],
  [{ caches: { fast: { maxEntries: 3, compress: { over: 1 } } } }, /no option 'caches.fast.compress.over'. .*above/],
  [{ localCache: { constructor: 5 } }, /no option 'localCache.constructor'/],
])('%j has an option that nobody would read', async (options, message) => {
  expect(await refusal(() => open({ models, storage: memory(), ...options }))).toMatchObject({ code: 'DB_OPTION_UNKNOWN', message: expect.stringMatching(message) });
});

test.each<readonly [options: object, message: RegExp]>([
  [{ localCache: { policy: 'lrru' } }, /a string for the option 'localCache.policy'. Give 's3fifo' or 'lru' or 'lfu' or 'ttl'/],
  [{ localCache: { commands: true } }, /a boolean for the option 'localCache.commands'. Give false, or its bounds/],
  [{ localCache: { commands: 5 } }, /a whole number for the option 'localCache.commands'/],
  [{ localCache: { commands: { policy: null } } }, /null for the option 'localCache.commands.policy'/],
  [{ localCache: { maxBytes: '64MB' } }, /a string for the option 'localCache.maxBytes'. Give a number/],
  [{ caches: { fast: { policy: 'x', maxEntries: 3 } } }, /a string for the option 'caches.fast.policy'/],
  [{ caches: { fast: undefined } }, /undefined for the option 'caches.fast'. Give its bounds/],
  [{ caches: { fast: { maxEntries: 3, sliding: 1 } } }, /a whole number for the option 'caches.fast.sliding'. Give true or false/],
  [{ caches: { fast: { l2: 'redis://localhost' } } }, /a string for the option 'caches.fast.l2'. Give a server: redis\(url\)/],
  [{ caches: { fast: { maxEntries: 3, l1: { policy: 'lru ' } } } }, /a string for the option 'caches.fast.l1.policy'/],
])('%j has an option of a kind that it does not take', async (options, message) => {
  expect(await refusal(() => open({ models, storage: memory(), ...options }))).toMatchObject({ code: 'DB_OPTION_INVALID', message: expect.stringMatching(message) });
});

test('options within options that are undefined are as good as left out', async () => {
  const localCache = { maxEntries: 3, maxBytes: undefined, policy: undefined, commands: { policy: undefined, minTime: undefined, maxEntries: 1 } };
  const db = (await open({ models, storage: memory(), localCache, caches: { fast: { maxEntries: 1, l1: undefined, policy: undefined } } })) as Ormolu<unknown>;
  expect(db.caches.names()).toEqual(['fast']);
  await db.close();
});

describe('a transaction', () => {
  let db: Ormolu<unknown>;
  let begun = 0;
  beforeAll(async () => {
    db = (await openOrmolu({ models, storage: memory() })) as unknown as Ormolu<unknown>;
    await db.migrate();
  });
  afterAll(() => db.close());
  const work = (): number => (begun += 1);

  test.each<readonly [what: string, args: readonly unknown[], message: RegExp]>([
    ['no work', [], /undefined for the work. Give a function/],
    ['work that is no function', [7], /a whole number for the work/],
    ['options that are null', [work, null], /null for the options/],
    ['an isolation that does not exist', [work, { isolation: 'repeatble read' }], /a string for the option 'isolation'. Give one of 'read committed', 'repeatable read', 'serializable'/],
    ['SQL for an isolation', [work, { isolation: 'serializable; drop table city' }], /'isolation'/],
    ['a user that is no number', [work, { uid: 'joe' }], /a string for the option 'uid'. Give the id of a user/],
    ['NaN for a user', [work, { uid: Number.NaN }], /a number that is not finite for the option 'uid'/],
    ['a context that is text', [work, { context: 'fr_FR' }], /a string for the option 'context'/],
    ['no tries', [work, { tries: 0 }], /'tries'. Give the number of executions in all, a whole number of at least 1/],
    ['endless tries', [work, { tries: Number.POSITIVE_INFINITY }], /'tries'/],
    ['a signal that is none', [work, { signal: {} }], /an object for the option 'signal'. Give an AbortSignal/],
    ['yes for readOnly', [work, { readOnly: 'yes' }], /'readOnly'. Give true or false/],
  ])('with %s is refused before it begins', async (_, [given, options], message) => {
    const before = begun;
    expect(await refusal(() => unchecked(db).transaction(given, options))).toMatchObject({ code: 'DB_OPTION_INVALID', message: expect.stringMatching(message) });
    expect(begun).toBe(before);
  });

  test('options that are undefined are as good as left out', async () => {
    expect(await unchecked(db).transaction(() => 1, { isolation: undefined, uid: undefined, context: undefined, tries: undefined, signal: undefined, readOnly: undefined })).toBe(1);
  });

  test('a context that contains itself is an error, and leaves no session open', async () => {
    const context: Record<string, unknown> = {};
    context['self'] = context;
    await expect(db.transaction(work, { context })).rejects.toThrow();
    expect(await db.transaction(() => 2)).toBe(2);
  });

  test('work that fails comes out, whatever what was to run with its rollback does', async () => {
    const failing = db.transaction((env) => {
      (env as unknown as { transaction: { prerollback: { add(hook: () => void): void } } }).transaction.prerollback.add(() => {
        throw new Error('the hook');
      });
      throw new Error('the work');
    });
    await expect(failing).rejects.toMatchObject({ cause: { message: 'the work' }, errors: [{ message: 'the work' }, { errors: [{ message: 'the hook' }] }] });
  });
});

const place = (make: unknown): ((given?: unknown) => unknown) => make as (given?: unknown) => unknown;

test.each<readonly [what: string, given: unknown, message: RegExp]>([
  ['the directory itself', 'data', /a string, and no options. Name the directory: pglite\(\{ dataDir: 'data' \}\)/],
  ['a misspelt option', { datadir: 'data' }, /no option 'datadir'. Did you mean 'dataDir'/],
  ['an empty directory name', { dataDir: '' }, /an empty text for dataDir/],
  ['a number', { dataDir: 7 }, /a whole number for dataDir/],
  ['null', null, /was given null/],
])('pglite() refuses %s, which would put the database into memory', async (_, given, message) => {
  expect(await refusal(() => place(pglite)(given))).toMatchObject({ code: 'STORAGE_OPTION', message: expect.stringMatching(message) });
});

test.each([undefined, null, '', 7, [], 'nonsense', 'mysql://user:secret@host/x', 'http://localhost', 'postgres://user:secret@host:notaport/x'])(
  'postgres(%j) is refused at once, and what was given is not told', async (given) => {
    const error = await refusal(() => place(postgres)(given));
    expect(error).toMatchObject({ code: 'STORAGE_OPTION' });
    expect(`${error.stack ?? ''}${JSON.stringify(error.details)}${String(error.cause)}`).not.toContain('secret');
  },
);
