import { loggedStatements, LOGS_STATEMENTS, startOwnPostgres, type OwnPostgres } from '@ormolu/test-support';
import { Client } from 'pg';
import {
  binary, char, defineModels, integer, json, many2many, many2one, one2many, openOrmolu, ormcache, postgres, reference, selection, type DefinitionsOf, type EnvironmentOf, type Ormolu,
} from '../src/index';

/** Each would do harm, or at least be seen, wherever it became part of a statement. */
// As characters that a statement, a pattern, an array, a JSON text or the log itself would take for its own.
const POISON = ['\'; drop table victim; --', '"; drop table victim; --', 'POISON $1', '\\\'; drop table victim; --', '); drop table victim; --', '/* POISON */', '%\' or 1=1 --', '{POISON}', '",NULL,"POISON', 'POISON\n\\.\n', '\u{1F4A3}POISON'];
const HARM = /victim|POISON|or 1=1/;
/** A name or a text, as a statement quotes it. */
const QUOTED = /"(?:[^"]|"")*"|'(?:[^']|'')*'/g;

const models = defineModels({
  shop: { name: char({ required: true }) },
  user: { name: char(), shop: many2one('shop') },
  tag: { name: char(), up: many2one('tag') },
  city: {
    name: char({ required: true }), code: char({ unique: true }), title: char({ translate: true }), price: integer({ companyDependent: true }), state: selection(['draft', 'done']),
    data: json(), bytes: binary(), parent: many2one('city', { onDelete: 'cascade' }), children: one2many('city', 'parent'), tags: many2many('tag'), about: reference(['city', 'tag']), label: char({ store: true }),
  },
}).options('tag', { id: 'text', parent: 'up' }).compute('city', 'label', ['name', 'parent.name'], (city) => `${city.name}/${city.parent?.name ?? ''}`);

type Environment = EnvironmentOf<DefinitionsOf<typeof models>>;
/** The same face for callers whom no compiler checks: what they give may come from a request. */
interface Unchecked {
  create(values: unknown): Promise<unknown>;
  write(values: unknown): Promise<unknown>;
  search(filter: unknown, options?: unknown): Promise<unknown>;
  count(filter: unknown): Promise<unknown>;
  read(fields: unknown): Promise<unknown>;
  load(paths: unknown): Promise<unknown>;
  readGroup(options: unknown): Promise<unknown>;
  browse(ids: unknown): Unchecked;
  mapped(path: unknown): unknown;
}

let server: OwnPostgres;
let admin: Client;
let db: Ormolu<DefinitionsOf<typeof models>, 'user', 'shop', 'named'>;

beforeAll(async () => {
  server = await startOwnPostgres(LOGS_STATEMENTS);
  admin = new Client({ connectionString: server.url });
  await admin.connect();
  await admin.query('create table victim (id int)');
  db = await openOrmolu({ models, storage: postgres(server.url), users: 'user', companies: 'shop', caches: { named: { maxEntries: 100 } } });
  await db.migrate();
  await loggedStatements(server, admin);
});
afterAll(async () => {
  const { rows } = await admin.query("select to_regclass('victim') as victim");
  await db.close();
  await admin.end();
  await server.stop();
  expect(rows).toEqual([{ victim: 'victim' }]);
});

/** What the server ran since it was last asked, without any word of a caller. */
async function cleanStatements(): Promise<readonly string[]> {
  const statements = await loggedStatements(server, admin);
  for (const text of statements) expect(text).not.toMatch(HARM);
  return statements;
}

describe.each(POISON)('through the face, %j', (poison) => {
  test('as a value, an id, a filter, a key of a value, a language, a name of a cache stays out of every statement, and comes back as it was', async () => {
    const other = `${poison} other`;
    const context = { lang: poison, [poison]: poison, allowedCompanyIds: [1] };
    // Such ids come from a program of somebody else's.
    await admin.query('insert into tag (id, name) values ($1, $1)', [poison]);
    const id = await db.transaction(async (env) => {
      const tag = env.model('tag').browse(poison);
      const parent = await env.model('city').create({ name: other });
      const city = await env.model('city').create({ name: poison, code: poison, title: poison, data: { [poison]: [poison] }, bytes: Buffer.from(poison), parent, about: tag, tags: [poison], children: [{ create: { name: poison } }] });
      await city.write({ name: `${poison}!`, title: `${poison}!`, price: 7 });
      await tag.write({ name: poison, up: tag });
      await env.flush();
      await env.transaction.savepoint(async () => {
        city.name = poison;
        await env.flush();
        throw new Error(poison);
      }).catch(() => undefined);
      await city.write({ name: poison, title: poison, tags: [{ unlink: poison }, { link: poison }] });
      return city.id;
    }, { context });
    for (const isCached of [false, true]) {
      if (!isCached) await db.clearCaches();
      await db.transaction(async (env) => {
        const [cities, tags] = [env.model('city'), env.model('tag')];
        const found = async (filter: Parameters<typeof cities.search>[0]): Promise<readonly unknown[]> => (await cities.search(filter, { order: ['-name', 'parent.name', 'title'] })).ids;
        const mine = { code: poison };
        expect(await found({ ...mine, name: poison, title: { eq: poison }, data: { eq: { [poison]: [poison] } }, 'parent.name': { in: [poison, other] }, 'tags.name': poison, tags: { in: [poison] }, price: 7 })).toEqual([id]);
        expect(await found({ ...mine, or: [{ name: { startsWith: poison } }, { name: { ilike: poison.replaceAll('\\', '\\\\') } }], not: { name: { gt: `${poison}\u{10FFFF}` } } })).toEqual([id]);
        expect((await tags.search({ id: { childOf: [poison], parentOf: poison } })).ids).toEqual([poison]);
        expect(await cities.count({ ...mine, name: { notIn: [other] }, title: { ne: other }, tags: { notIn: [other] } })).toBe(1);
        expect(await cities.readGroup({ by: ['name', 'title'], filter: mine, min: ['name', 'title'], max: ['code'] })).toEqual([{ by: { name: poison, title: poison }, count: 1, min: { name: poison, title: poison }, max: { code: poison } }]);
        const query = cities.where(mine).orderBy('name').prefetch('parent.name').cache('named').cacheKey(poison);
        expect(await query.ids()).toEqual([id]);
        expect((await cities.browse([id]).read(['name', 'title', 'data', 'bytes', 'tags', 'about', 'label'])).map(({ bytes, ...rest }) => ({ ...rest, bytes: Buffer.from(bytes ?? []).toString() }))).toEqual([
          { id, name: poison, title: poison, data: { [poison]: [poison] }, bytes: poison, tags: [poison], about: `tag,${poison}`, label: `${poison}/${other}` },
        ]);
        expect(await env.sql('select $1::text as given', [poison])).toEqual([{ given: poison }]);
        const codes = ormcache((_env: Environment, text: string) => text, { name: `codes ${poison}`, keys: (_env, text) => [text], group: poison });
        expect(await codes(env, poison)).toBe(poison);
      }, { context });
    }
    await db.clearCaches(poison);
    await db.transaction(async (env) => {
      await env.model('tag').browse(poison).unlink();
      await (await env.model('city').search({ code: poison })).unlink();
    });
    const statements = await cleanStatements();
    for (const verb of ['insert into "city"', 'update "city"', 'delete from "city"', 'delete from "tag"', 'select ', 'savepoint ']) expect(statements.filter((text) => text.startsWith(verb)).length).toBeGreaterThan(0);
  });

  test('as a name, a direction, a bound or an option is refused, and its error shows no statement', async () => {
    const unchecked = (env: unknown): Unchecked => (env as { model(name: string): Unchecked }).model('city');
    const wrong: Readonly<Record<string, (env: unknown) => unknown>> = {
      'a model': (env) => (env as { model(name: string): Unchecked }).model(poison),
      'a field created': (env) => unchecked(env).create({ name: 'x', [poison]: 1 }),
      'a field written': (env) => unchecked(env).browse([1]).write({ [poison]: 1 }),
      'a field read': (env) => unchecked(env).browse([1]).read([poison]),
      'a path loaded': (env) => unchecked(env).browse([1]).load([`parent.${poison}`]),
      'a path mapped': (env) => unchecked(env).browse([1]).mapped(poison),
      'a path in a filter': (env) => unchecked(env).search({ [`parent.${poison}`]: 1 }),
      'an operator': (env) => unchecked(env).search({ name: { [poison]: 1 } }),
      'a value of another form': (env) => unchecked(env).search({ price: poison }),
      'a list of another form': (env) => unchecked(env).search({ price: { in: [poison] } }),
      'an object for a text': (env) => unchecked(env).search({ name: { eq: { toString: () => poison } } }),
      'an order': (env) => unchecked(env).search({}, { order: [poison] }),
      'an order along a path': (env) => unchecked(env).search({}, { order: [`-parent.${poison}`] }),
      'an order that is a text': (env) => unchecked(env).search({}, { order: poison }),
      'a limit': (env) => unchecked(env).search({}, { limit: poison }),
      'an offset': (env) => unchecked(env).search({}, { offset: poison }),
      'a key of groups': (env) => unchecked(env).readGroup({ by: [poison] }),
      'a figure of groups': (env) => unchecked(env).readGroup({ sum: [poison] }),
      'an order of groups': (env) => unchecked(env).readGroup({ by: ['name'], order: [poison] }),
      'an option of groups': (env) => unchecked(env).readGroup({ [poison]: ['name'] }),
      'a limit of groups': (env) => unchecked(env).readGroup({ by: ['name'], limit: poison }),
      'an id of another kind': (env) => unchecked(env).browse([{ toString: () => poison }]).read(['name']),
      'a word of a selection': (env) => unchecked(env).create({ name: 'x', state: poison }),
      'a model of a reference': (env) => unchecked(env).create({ name: 'x', about: `${poison},1` }),
      'a command of a list': (env) => unchecked(env).browse([1]).write({ tags: [{ [poison]: 1 }] }),
    };
    for (const [what, make] of Object.entries(wrong)) {
      const error: unknown = await db.transaction((env) => Promise.resolve().then(() => make(env)), { context: { allowedCompanyIds: [1] } }).catch((thrown: unknown) => thrown);
      expect([what, error]).toEqual([what, expect.objectContaining({ code: expect.stringMatching(/^(MODEL|FIELD|FILTER|ORDER|QUERY|GROUP|PATH|TX|STORAGE_VALUE)/) as string })]);
    }
    const options: readonly object[] = [{ isolation: poison }, { uid: poison }, { context: poison }, { concurrency: poison }, { readOnly: poison }, { tries: poison }, { [poison]: 1 }];
    for (const option of options) await expect(db.transaction(() => 1, option)).rejects.toMatchObject({ code: expect.stringMatching(/^DB_OPTION/) as string });
    // An id of companies that is none names no company.
    expect(await db.transaction((env) => env.model('city').count({ price: 7 }), { context: { allowedCompanyIds: [poison] } })).toBe(0);
    await expect(db.migrate({ discard: [poison] })).rejects.toMatchObject({ code: expect.stringMatching(/UNKNOWN/) as string });
    await expect(db.migrate({ discard: [`city.${poison}`] })).rejects.toMatchObject({ code: 'FIELD_UNKNOWN' });
    await cleanStatements();
  });
});

test('names of tables and columns that the models give stay names, in every statement about them', async () => {
  for (const [n, poison] of POISON.entries()) {
    const named = defineModels({
      item: { name: char({ column: poison, unique: true, required: true }), other: char({ column: `i${poison}`, index: true, translate: true }), parent: many2one('item', { column: `p${poison}` }), tags: many2many('label', { table: `m${poison}${n}`, column: `a${poison}`, otherColumn: `b${poison}` }) },
      label: { name: char() },
    }).options('item', { table: `${poison}${n}`, idColumn: `id${poison}`, versioned: true }).options('label', { table: `label_${n}` });
    const other = await openOrmolu({ models: named, storage: postgres(server.url) });
    await other.migrate();
    expect((await other.migrate()).statements).toEqual([]);
    await other.transaction(async (env) => {
      const label = await env.model('label').create({ name: 'l' });
      const item = await env.model('item').create({ name: 'a', other: 'o', tags: [label.id] });
      await item.write({ name: 'b', parent: item });
    });
    await other.transaction(async (env) => {
      const items = await env.model('item').search({ name: 'b', other: 'o', 'parent.name': 'b', 'tags.name': 'l' }, { order: ['-parent.name', 'other'] });
      expect(await items.read(['name', 'other', 'tags'])).toEqual([{ id: items.ids[0], name: 'b', other: 'o', tags: [1] }]);
      expect(await env.model('item').readGroup({ by: ['parent.name'], max: ['name'] })).toEqual([{ by: { 'parent.name': 'b' }, count: 1, max: { name: 'b' } }]);
      const twice = env.transaction.savepoint(() => env.model('item').create({ name: 'b' }));
      await expect(twice).rejects.toMatchObject({ code: 'STORAGE_UNIQUE', details: { model: 'item', field: 'name' } });
      await items.unlink();
    }, { concurrency: 'optimistic' });
    await other.close();
  }
  const statements = await loggedStatements(server, admin);
  expect(statements.filter((text) => HARM.test(text)).length).toBeGreaterThan(POISON.length);
  for (const text of statements) expect(text.replace(QUOTED, '')).not.toMatch(HARM);
});
