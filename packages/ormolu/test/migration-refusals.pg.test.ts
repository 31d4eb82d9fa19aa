import { bigint, boolean, char, date, datetime, decimal, defineModels, float, integer, json, many2one, openOrmolu, text, uuid } from '../src/index';
import { onEachStorage } from './support/on-each-storage';

const tag = { name: char() };
const item = { name: char(), size: integer(), up: many2one('item'), flag: boolean(), day: date(), price: decimal({ scale: 2 }) };
const first = defineModels({ item, tag });
/** Anybody's models, for a table of them: what the compiler knows of each is of no use here. */
type AnyModels = typeof first;
const define = defineModels as unknown as (definitions: object) => AnyModels;
const changed = (fields: object): AnyModels => define({ item: { ...item, ...fields }, tag });
const optioned = (options: object): AnyModels => first.options('item', options);

const refused: readonly (readonly [what: string, names: RegExp, models: AnyModels])[] = [
  ['a text that becomes translated', /'name' of model 'item'/, changed({ name: char({ translate: true }) })],
  ['a number that becomes one of each company', /'size' of model 'item'/, changed({ size: integer({ companyDependent: true }) })],
  ['whole numbers that become fractions', /'size' of model 'item'/, changed({ size: float() })],
  ['numbers that become texts', /'size' of model 'item'/, changed({ size: text() })],
  ['texts that become uuids', /'name' of model 'item'/, changed({ name: uuid() })],
  ['texts that become json', /'name' of model 'item'/, changed({ name: json() })],
  ['truth that becomes a number', /'flag' of model 'item'/, changed({ flag: integer() })],
  ['days that become instants', /'day' of model 'item'/, changed({ day: datetime() })],
  ['a scale that becomes smaller', /'price' of model 'item'/, changed({ price: decimal({ scale: 1 }) })],
  ['a reference to another model', /'up' of model 'item'/, changed({ up: many2one('tag') })],
  ['what becomes required where records have none', /'size' of model 'item'/, changed({ size: integer({ required: true }) })],
  ['what becomes unique where records share it', /'flag' of model 'item'/, changed({ flag: boolean({ unique: true }) })],
  ['ids of another size', /ids of model 'item'/, optioned({ id: 'bigint' })],
  ['another column for the ids', /id column 'key' of model 'item'/, optioned({ idColumn: 'key' })],
];
/** Each begins where the one before has left off. */
const wide = { size: bigint(), price: decimal({ scale: 3 }) };
const taken: readonly (readonly [what: string, models: AnyModels])[] = [
  ['versions', optioned({ versioned: true })],
  ['whole numbers that become longer ones', changed({ size: bigint() })],
  ['a scale that becomes larger', changed(wide)],
  ['a text that is to be shorter from now on', changed({ ...wide, name: char({ size: 1 }) })],
  ['a field that is no longer named', define({ item: { name: char(), ...wide }, tag })],
];

onEachStorage('what models may want of tables that hold records, on', ({ open }) => {
  test('is taken when nothing is lost, and else refused by name with nothing changed', async () => {
    const storage = open();
    const db = await openOrmolu({ models: first, storage });
    await db.migrate();
    await db.transaction(async (env) => {
      const parent = await env.model('item').create({ name: 'long name', size: 3, flag: true, day: '2024-01-01', price: '1.25' });
      await env.model('item').create({ flag: true, up: parent });
    });
    const rows = (): Promise<unknown> => db.transaction(async (env) => (await env.model('item').search({}, { order: ['id'] })).read(['name', 'size', 'up', 'flag', 'day', 'price']));
    const before = await rows();
    for (const [what, names, models] of refused) {
      const next = await openOrmolu({ models, storage });
      for (const call of [() => next.planMigration(), () => next.migrate()]) {
        // What records have not is only found out by asking them.
        const error: unknown = await call().then(() => 'planned', (thrown: unknown) => thrown);
        if (error === 'planned' && /becomes (required|unique)/.test(what)) continue;
        expect([what, error]).toEqual([what, expect.objectContaining({ code: 'STORAGE_MIGRATION_REFUSED', message: expect.stringMatching(names) as string })]);
      }
      expect((await db.planMigration()).statements).toEqual([]);
    }
    expect(await rows()).toEqual(before);
    for (const [what, models] of taken) {
      const next = await openOrmolu({ models, storage });
      await next.migrate();
      expect([what, (await next.migrate()).statements]).toEqual([what, []]);
      const values = await next.transaction(async (env) => (await env.model('item').search({}, { order: ['id'] })).read(['name', 'size', 'price']));
      expect(values.map(({ name, size, price }) => [name, String(size), price === null ? null : Number(price)])).toEqual([['long name', '3', 1.25], [null, 'null', null]]);
    }
    await storage.close();
  });
});
