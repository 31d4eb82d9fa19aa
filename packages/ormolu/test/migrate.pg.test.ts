import { boolean, char, defineModels, integer, many2many, many2one, one2many, openOrmolu, type BackfillProgress, type Storage } from '../src/index';
import { onEachStorage } from './support/on-each-storage';

const LINES = 2500;

const first = defineModels({
  partner: { name: char({ required: true }), orders: one2many('order', 'partner') },
  order: { name: char({ required: true }), partner: many2one('partner'), lines: one2many('line', 'order') },
  line: { quantity: integer({ required: true }), price: integer({ required: true }), order: many2one('order') },
  area: { name: char({ required: true }), parent: many2one('area') },
});

const sumOf = (values: readonly (number | null)[]): number => values.reduce<number>((sum, value) => sum + (value ?? 0), 0);

let made = 0;

const second = first.extend({
  partner: { turnover: integer({ store: true }) },
  order: { total: integer({ store: true }), isActive: boolean({ required: true, default: true }) },
  line: { amount: integer({ store: true, index: true }), doubled: integer({ store: true }), serial: integer({ required: true, unique: true, default: () => (made += 1) }), note: char() },
  area: { path: char({ store: true, recursive: true }), depth: integer({ store: true, recursive: true }) },
})
  // Named so that neither the order of models nor that of fields is the order of computing.
  .compute('partner', 'turnover', ['orders.total'], (partner) => sumOf(partner.orders.mapped('total')))
  .compute('order', 'total', ['lines.amount'], (order) => sumOf(order.lines.mapped('amount')))
  .compute('line', 'doubled', ['amount'], (line) => (line.amount ?? 0) * 2)
  .compute('line', 'amount', ['quantity', 'price'], (line) => line.quantity * line.price)
  .compute('area', 'path', ['name', 'parent.path'], (area) => `${area.parent?.path ?? ''}/${area.name}`)
  .compute('area', 'depth', ['parent.depth'], (area) => (area.parent?.depth ?? -1) + 1);


onEachStorage('migrating on', ({ open }) => {
  let storage: Storage;

  beforeAll(async () => {
    storage = open();
    const db = await openOrmolu({ models: first, storage });
    await db.migrate();
    await db.transaction(async (env) => {
      const [a, b] = await env.model('partner').create([{ name: 'a' }, { name: 'b' }]);
      const orders = await env.model('order').create(Array.from({ length: 50 }, (_, n) => ({ name: `o${n}`, partner: n % 2 === 0 ? a! : b! })));
      await env.model('line').create(Array.from({ length: LINES }, (_, n) => ({ quantity: n, price: 2, order: orders.at(n % 50)! })));
      // Children before their parents, so that the order of ids is not the order of computing.
      const areas = await env.model('area').create(['c', 'b', 'a'].map((name) => ({ name })));
      await areas.at(0)!.write({ parent: areas.at(1)! });
      await areas.at(1)!.write({ parent: areas.at(2)! });
    });
  });
  afterAll(() => storage.close());

  test('a plan names the statements and changes nothing', async () => {
    const db = await openOrmolu({ models: second, storage });
    const plan = await db.planMigration();
    expect(plan.statements.join('\n')).toMatch(/alter table "line" add column "amount"/);
    expect(await db.planMigration()).toEqual(plan);
    await expect(db.transaction((env) => env.model('line').search({ amount: 1 }))).rejects.toMatchObject({ code: 'STORAGE_NOT_MIGRATED' });
  });

  test('inside a transaction it is refused at once, and nothing has changed; behind one that has ended by an error it is not', async () => {
    const [before, db] = await Promise.all([openOrmolu({ models: first, storage }), openOrmolu({ models: second, storage })]);
    const plan = await db.planMigration();
    await before.transaction(async (env) => {
      await env.model('line').count({});
      // In memory nobody waits for anybody's end.
      if (storage.capabilities.sql) await expect(before.migrate()).rejects.toMatchObject({ code: 'DB_MIGRATE_NESTED' });
      else expect((await before.migrate()).statements).toEqual([]);
      expect(await env.model('area').count({})).toBe(3);
    });
    expect(await db.planMigration()).toEqual(plan);
    await expect(before.transaction(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect((await before.migrate()).statements).toEqual([]);
  });

  test('a compute that fails leaves nothing of the migration', async () => {
    const broken = second.extend({ order: { ratio: integer({ store: true }) } }).compute('order', 'ratio', ['name'], (order) => {
      if (order.name === 'o49') throw new Error('broken');
      return 1;
    });
    const db = await openOrmolu({ models: broken, storage });
    const before = await db.planMigration();
    await expect(db.migrate()).rejects.toMatchObject({ code: 'TX_COMPUTE_FAILED' });
    expect(await db.planMigration()).toEqual(before);
  });

  test('existing records get the values of new fields in the order of what they read, a batch at a time', async () => {
    const db = await openOrmolu({ models: second, storage });
    const progress: BackfillProgress[] = [];
    const { filled } = await db.migrate({ batchSize: 1000, onProgress: (each) => progress.push(each) });
    expect(filled.map(({ model, fields, records }) => [model, [...fields].sort(), records])).toEqual([
      ['order', ['isActive'], 50], ['line', ['serial'], LINES], ['line', ['amount'], LINES], ['area', ['depth', 'path'], 3],
      ['order', ['total'], 50], ['line', ['doubled'], LINES], ['partner', ['turnover'], 2],
    ]);
    expect(progress.filter(({ fields }) => fields.includes('amount')).map(({ done, total }) => [done, total])).toEqual([[1000, LINES], [2000, LINES], [2500, LINES]]);
    await db.transaction(async (env) => {
      // Read from storage alone: nothing is computed by reading.
      const { columns: [amounts = [], doubled = []] } = await env.transaction.session.query({ model: 'line', filter: { kind: 'and', all: [] }, fields: ['amount', 'doubled'] });
      expect([...amounts].sort((x, y) => Number(x) - Number(y))).toEqual(Array.from({ length: LINES }, (_, n) => n * 2));
      expect(doubled).toEqual(amounts.map((amount) => Number(amount) * 2));
      const { columns: [paths, depths] } = await env.transaction.session.query({ model: 'area', filter: { kind: 'and', all: [] }, order: [{ path: ['id'], direction: 'asc' }], fields: ['path', 'depth'] });
      expect([paths, depths]).toEqual([['/a/b/c', '/a/b', '/a'], [2, 1, 0]]);
      const { columns: [turnovers = []] } = await env.transaction.session.query({ model: 'partner', filter: { kind: 'and', all: [] }, fields: ['turnover'] });
      expect(turnovers.reduce<number>((sum, each) => sum + Number(each), 0)).toBe(LINES * (LINES - 1));
      expect(await env.model('order').count({ isActive: true })).toBe(50);
    });
    expect(await db.migrate()).toEqual({ statements: [], added: [], filled: [] });
  });

  test('what would lose values is refused by name, unless told field by field', async () => {
    const narrower = defineModels({ area: { name: integer(), parent: many2one('area') } });
    const changed = await openOrmolu({ models: narrower, storage });
    await expect(changed.migrate()).rejects.toMatchObject({ code: 'STORAGE_MIGRATION_REFUSED', message: expect.stringContaining("discard: ['area.name']") as string });
    await expect(changed.migrate({ discard: ['area.parent'] })).rejects.toMatchObject({ code: 'STORAGE_MIGRATION_REFUSED' });
    await changed.migrate({ discard: ['area.name'] });
    expect(await changed.transaction((env) => env.model('area').count({ name: null }))).toBe(3);
  });

  test('options of a model and relation tables come out as asked for', async () => {
    const models = defineModels({
      'shop.item': { code: char({ column: 'item_code', unique: true }), tags: many2many('shop.tag', { table: 'item_tags' }), parent: many2one('shop.item') },
      'shop.tag': { name: char(), items: many2many('shop.item', { table: 'item_tags' }) },
    }).options('shop.item', { table: 'items', id: 'bigint', idColumn: 'key', versioned: true, parent: 'parent', order: ['-code'] }).options('shop.tag', { id: 'uuid' });
    const db = await openOrmolu({ models, storage });
    const { statements } = await db.migrate();
    expect(statements.filter((text) => /^create (table|unique|trigger)/.test(text) && !text.includes('ormolu_log')).map((text) => text.split('(')[0]?.trim()).sort()).toEqual([
      'create table "item_tags"', 'create table "items"', 'create table "shop_tag"', expect.stringMatching(/^create trigger "ormolu_raise_version"/), expect.stringMatching(/^create unique index "item_tags_/),
    ]);
    expect((await db.migrate()).statements).toEqual([]);
    await db.transaction(async (env) => {
      const tag = await env.model('shop.tag').create({ name: 'old' });
      await env.model('shop.item').create([{ code: 'a', tags: [tag.id] }, { code: 'b', tags: [tag.id] }]);
    });
    expect(await db.transaction(async (env) => (await env.model('shop.item').search({ 'tags.name': 'old' })).load(['code']).then((items) => items.mapped('code')))).toEqual(['b', 'a']);
  });

  test('defaults of translated fields come in the source language, those of companies for each of them', async () => {
    const before = defineModels({ shop: { name: char() }, 'shop.user': { shop: many2one('shop') }, ware: { name: char() } });
    const old = await openOrmolu({ models: before, storage });
    await old.migrate();
    await old.transaction(async (env) => {
      await env.model('shop').create([{ name: 'a' }, { name: 'b' }]);
      await env.model('ware').create([{ name: 'x' }, { name: 'y' }]);
    });
    const after = before.extend({ ware: {
      label: char({ translate: true, required: true, default: 'fresh' }), price: integer({ companyDependent: true, default: 5 }),
      margin: integer({ companyDependent: true, default: (env: { readonly companyId: unknown }) => Number(env.companyId) * 10 }), rank: integer({ companyDependent: true }),
    } });
    const db = await openOrmolu({ models: after, storage, users: 'shop.user', companies: 'shop', sourceLanguage: 'en_US' });
    const { filled } = await db.migrate();
    expect(filled.map(({ model, fields, records }) => [model, [...fields].sort(), records])).toEqual([['ware', ['label', 'margin', 'price'], 2]]);
    await db.transaction(async (env) => {
      for (const shop of await env.model('shop').search({})) {
        const seen = await env.withCompany(shop.id).withContext({ lang: 'de_DE' }).model('ware').search({});
        await seen.load(['label', 'price', 'margin', 'rank']);
        expect(Array.from(seen, (ware) => [ware.label, ware.price, ware.margin, ware.rank])).toEqual([['fresh', 5, Number(shop.id) * 10, null], ['fresh', 5, Number(shop.id) * 10, null]]);
      }
    });
    expect((await db.migrate()).filled).toEqual([]);
  });

  test('options that nobody would read are refused', async () => {
    const db = await openOrmolu({ models: first, storage });
    await expect(db.migrate({ discard: 'x' } as never)).rejects.toMatchObject({ code: 'DB_OPTION_INVALID' });
    await expect(db.migrate({ batchsize: 1 } as never)).rejects.toMatchObject({ code: 'DB_OPTION_UNKNOWN' });
    await expect(db.migrate({ discard: ['town.size'] })).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
  });
});
