import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import {
  bigint, binary, boolean, char, date, datetime, decimal, defineModels, float, html, integer, json, many2many, many2one, memory, monetary, one2many, openOrmolu, OrmoluError, postgres, reference, related,
  selection, text, uuid, type DefinitionsOf, type Ormolu,
} from '../src/index';

const OPERATORS = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'notIn', 'like', 'ilike', 'startsWith', 'childOf', 'parentOf', 'isNull', 'exists'] as const;

const models = defineModels({
  item: {
    char: char(), sized: char({ size: 3 }), text: text(), html: html(), uuid: uuid(), state: selection(['draft', 'done']), reference: reference(['item', 'tag']),
    integer: integer(), bigint: bigint(), float: float(), decimal: decimal({ scale: 2 }), currency: many2one('tag'), monetary: monetary({ currency: 'currency' }), boolean: boolean(), date: date(), datetime: datetime(),
    json: json(), binary: binary(), parent: many2one('item'), children: one2many('item', 'parent'), tags: many2many('tag'), translated: char({ translate: true }), priced: integer({ companyDependent: true }),
    parentName: related('parent.char'), serial: char({ store: true }),
  },
  tag: { name: char() },
}).options('item', { parent: 'parent' }).compute('item', 'serial', ['char'], (item) => `${item.char ?? ''}!`);

type Database = Ormolu<DefinitionsOf<typeof models>>;

const PATHS = [
  'id', 'char', 'sized', 'text', 'html', 'uuid', 'state', 'reference', 'integer', 'bigint', 'float', 'decimal', 'monetary', 'boolean', 'date', 'datetime', 'json', 'binary', 'parent', 'children', 'tags', 'translated',
  'priced', 'parentName', 'serial', 'parent.char', 'parent.id', 'parent.datetime', 'children.decimal', 'tags.name', 'children.tags.id', 'parent.parent.bigint',
] as const;

/** What a caller may give, sensible for some field and nonsense for others. The secret ones must not be told by any message. */
const CONTEXT = { lang: 'fr', allowedCompanyIds: [1] };
const circular: unknown[] = [];
circular.push(circular);
const CONSTANTS: readonly unknown[] = [
  null, true, 0, -0, 1, 5, 1.5, -1, NaN, Infinity, -Infinity, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1e300, 0n, 1n, 2n ** 63n, -(2n ** 63n) - 1n, 2n ** 200n, '', 'a', 'secret', 'sec\0ret', 'secret\uD800', '%', '\\', 'secret\\', '1', '1.50', '1e5', 'NaN',
  '00000000-0000-0000-0000-000000000001', 'item,1', 'tag,secret', 'draft', '2024-02-29', '2023-02-29', '0000-01-01', '-0001-01-01', '99999-01-01', 'infinity', '2024-02-29T00:00:00Z', new Date(0), new Date(NaN), new Date(8.64e15), new Date(-8.64e15),
  new Uint8Array(), new Uint8Array([1]), [], [null], [1], [1, null, 1], [1n], ['a'], ['secret', 7], [[1]], [undefined], {}, { a: 1 }, { a: 1, b: 'secret' }, { eq: 1 }, { gt: 'secret', lt: 5 }, Symbol('secret'), () => 'secret', new Map([['secret', 1]]), new Set(['secret']), /secret/, circular,
  { ids: [1] }, { ids: ['secret'], model: 'item' }, new Proxy([], {}), Array(3), Object.create(null), 'x'.repeat(100_000), Array.from({ length: 70_000 }, (_, n) => n), Array.from({ length: 100 }, (_, n) => `t${String(n)}`), Array.from({ length: 100 }, (_, n) => BigInt(n)),
];

/** What each question ends with: the records found, or the code of the error. */
function outcomes(db: Database, filters: readonly unknown[]): Promise<readonly unknown[]> {
  return db.transaction(async (env) => {
    const found: unknown[] = [];
    for (const filter of filters) {
      try {
        found.push((await env.model('item').search(filter as object, { order: ['id'] })).ids.join());
      } catch (error) {
        found.push(!OrmoluError.is(error) ? error : error.message.includes('secret') ? `tells what it was given: ${error.message}` : error.code);
      }
    }
    // What reaches the server and is refused there has ended the transaction.
    found.push(env.transaction.state);
    return found;
  }, { readOnly: true, context: CONTEXT });
}

async function filled(db: Database): Promise<Database> {
  await db.migrate();
  await db.transaction(async (env) => {
    const [old] = await env.model('tag').create([{ name: 'a' }, { name: 'b' }]);
    const a = await env.model('item').create({
      char: 'a', sized: 'abc', text: 'a', html: 'a', uuid: '00000000-0000-0000-0000-000000000001', state: 'draft', reference: old!, integer: 1, bigint: 1n, float: 1.5, decimal: '1.50', monetary: '1.5', currency: old!, boolean: true,
      date: '2024-02-29', datetime: new Date(0), json: { a: 1 }, binary: new Uint8Array([1]), tags: [1], translated: 'a', priced: 5,
    });
    await env.model('item').create([{ char: '', parent: a, integer: 5, float: -0, decimal: '0', boolean: false, json: [1], tags: [1, 2], datetime: new Date(1) }, {}]);
  }, { context: CONTEXT });
  return db;
}

describe('every operator, with whatever a caller may give, finds the same in memory and on the server, or is refused the same way before it is sent, and the refusal tells no value', () => {
  let database: ScratchDatabase;
  let plain: Database;
  let server: Database;
  beforeAll(async () => {
    database = await createDatabase();
    plain = await filled(await openOrmolu({ models, storage: memory(), localCache: false }));
    server = await filled(await openOrmolu({ models, storage: postgres(database.url), localCache: false }));
  });
  afterAll(async () => {
    await plain.close();
    await server.close();
    await database.drop();
  });

  test.each(PATHS)('on %s', async (path) => {
    const asked: (readonly [what: string, filter: unknown])[] = [];
    for (const [n, constant] of CONSTANTS.entries()) {
      asked.push([`constant ${String(n)}`, { [path]: constant }]);
      for (const operator of OPERATORS) asked.push([`${operator} constant ${String(n)}`, { [path]: { [operator]: constant } }]);
    }
    const filters = asked.map(([, filter]) => filter);
    const [here, there] = [await outcomes(plain, filters), await outcomes(server, filters)];
    expect(here.at(-1)).toBe('open');
    const surprises = asked.flatMap(([what], n) => (here[n] !== there[n] || !/^([\d,]*|FIELD_VALUE_INVALID|FILTER_INVALID|FILTER_VALUE|FILTER_OPERATOR|STORAGE_VALUE)$/.test(String(here[n])) ? [`${what}: ${String(here[n])}; ${String(there[n])}`] : []));
    expect(surprises).toEqual([]);
    expect(there.at(-1)).toBe('open');
    expect(here.filter((each) => /^[\d,]*$/.test(String(each))).length).toBeGreaterThan(10);
  });

  test('orders and groups, along every path', async () => {
    const ask = (db: Database): Promise<readonly unknown[]> => db.transaction(async (env) => {
      const items = env.model('item') as unknown as { search(filter: object, options: object): Promise<{ readonly ids: readonly unknown[] }>; readGroup(options: object): Promise<unknown> };
      const found: unknown[] = [];
      const tell = async (what: string, asking: Promise<unknown>): Promise<void> => {
        found.push([what, await asking.catch((error: unknown) => (OrmoluError.is(error) ? error.code : error))]);
      };
      for (const path of PATHS) {
        for (const order of [path, `-${path}`]) await tell(order, items.search({}, { order: [order] }).then(({ ids }) => ids));
        await tell(`by ${path}`, items.readGroup({ by: [path] }));
        for (const figure of ['sum', 'avg', 'min', 'max', 'countDistinct']) await tell(`${figure} ${path}`, items.readGroup({ by: ['boolean'], [figure]: [path] }));
      }
      for (const [n, constant] of CONSTANTS.entries()) {
        for (const option of ['order', 'limit', 'offset']) await tell(`${option} constant ${String(n)}`, items.search({}, { [option]: constant }).then(({ ids }) => ids));
        for (const option of ['by', 'sum', 'order', 'limit', 'filter']) await tell(`${option} of groups, constant ${String(n)}`, items.readGroup({ [option]: constant }));
      }
      return [...found, env.transaction.state];
    }, { readOnly: true, context: CONTEXT });
    const [here, there] = [await ask(plain), await ask(server)];
    expect(here).toEqual(there);
    expect(here.at(-1)).toBe('open');
    expect(here.filter((each) => Array.isArray(each) && each[1] instanceof Error)).toEqual([]);
  });
});
