import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import type { Access } from '@ormolu/remote';
import { EVERYTHING, OPERATORS, OrmoluError, SameValue, type Session } from '@ormolu/kernel';
import {
  bigint, binary, boolean, char, date, datetime, decimal, defineModels, float, integer, json, many2many, many2one, memory, one2many, openOrmolu, pglite, reference, remote, selection, serve, text, uuid, type Storage,
} from 'ormolu';

/** A field of each kind, computed ones of each kind, and hidden ones. */
const models = defineModels({
  user: { name: char() },
  town: { name: char({ required: true, unique: true }), people: one2many('person', 'town'), fans: many2many('person') },
  person: {
    name: char({ size: 20 }), note: text(), size: integer({ default: 1 }), far: bigint(), weight: float(), price: decimal({ scale: 2 }), isOn: boolean(), day: date(), seen: datetime(), data: json(), bytes: binary(), mark: uuid(),
    kind: selection(['a', 'b']), town: many2one('town', { onDelete: 'restrict' }), any: reference(['town', 'person']), friends: many2many('person'), fee: float({ companyDependent: true }), slogan: char({ translate: true }),
    double: integer({ store: true }), triple: integer(), salary: integer({ groups: ['hr'] }), hint: integer(),
  },
}).options('person', { versioned: true, order: ['name'] })
  .compute('person', 'double', ['size'], (person) => 2 * (person.size ?? 0))
  .compute('person', 'triple', ['size'], (person) => 3 * (person.size ?? 0))
  .inverse('person', 'triple', (person) => { person.size = (person.triple ?? 0) / 3; })
  .compute('person', 'hint', ['salary'], (person) => (person.salary ?? 0) % 7);

const FIELDS = ['name', 'note', 'size', 'far', 'weight', 'price', 'isOn', 'day', 'seen', 'data', 'bytes', 'mark', 'kind', 'town', 'any', 'friends', 'fee', 'slogan', 'double', 'triple', 'salary', 'hint', 'people', 'fans', 'id', '$version', 'person', '', '__proto__', 'constructor'];
const MODELS = [...Array.from({ length: 12 }, () => 'person'), 'town', 'town', 'town', 'user', 'person_friends_rel', 'person_person_rel', 'town_person_rel', 'ormolu.remote.commit', 'nothing', '__proto__', ''];

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -0, 1, 2, 1.5, -1, Number.NaN, Infinity, 2 ** 31, 2 ** 53, 1e300, 0n, 1n, 2n ** 62n, 2n ** 70n, '', 'a', '1', '\0', '\ud800', '%', '\\', 'x'.repeat(3_000), '2024-02-30', '2024-02-29', '0d9f4c1e-6a55-4b0c-9a1f-3d2c7e8b5a10', 'town,1', 'town,x', '1e400', '12.345'),
  fc.constantFrom<unknown>(new Date(0), new Date(Number.NaN), new Date(8.64e15), new Uint8Array([1, 2]), [], {}, [null], [[1]], { a: 1 }, { en_US: 1 }, { fr: 'x' }, { 1: 2.5 }, { '': '\0' }, [1, '1', 1n, null], { lang: 3 }, Symbol('none')),
  fc.jsonValue({ maxDepth: 3 }),
);
const field = fc.constantFrom(...FIELDS);
const model = fc.constantFrom(...MODELS);
const path = fc.array(field, { maxLength: 3 });
const ids = fc.oneof(fc.uniqueArray(fc.integer({ min: -1, max: 5 }), { maxLength: 4 }), fc.array(fc.constantFrom<unknown>(1, 2, 1n, '1', 1.5, Number.NaN, -0, 2 ** 40, 2n ** 70n, '\0', ''), { maxLength: 3 }));
const fields = fc.array(field, { maxLength: 3 });
const number = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 4 }) }, { weight: 1, arbitrary: fc.constantFrom(-1, Number.NaN, Infinity, 1.5, 2 ** 60, -0) });
const { filter } = fc.letrec<{ filter: unknown }>((tie) => ({
  filter: fc.oneof({ depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('condition'), path, operator: fc.constantFrom(...OPERATORS, 'toString', ''), value: odd, along: fc.option(field, { nil: undefined }) }, { requiredKeys: ['kind', 'path', 'operator'] }),
    fc.constant(EVERYTHING), fc.constant({ kind: 'neither' }), fc.constant({}),
    fc.array(tie('filter'), { maxLength: 2 }).map((all) => ({ kind: 'and', all })), fc.array(tie('filter'), { maxLength: 2 }).map((any) => ({ kind: 'or', any })), tie('filter').map((not) => ({ kind: 'not', not }))),
}));
const texts = fc.array(fc.constantFrom('fr', '1', '', '\0', '__proto__'), { maxLength: 2 });
const beside = {
  limit: number, offset: number, stamped: fc.boolean(), caching: fc.record({ key: fc.constantFrom('a', '__proto__'), ttlMs: number, use: fc.constantFrom('none', 'refresh'), cache: fc.constantFrom('nowhere') }, { requiredKeys: [] }),
  keys: fc.record({ lang: fc.oneof(fc.constant('any'), texts), company: fc.oneof(fc.constant('any'), texts) }, { requiredKeys: [] }),
};
const direction = fc.constantFrom('asc', 'desc');
const query = fc.record({ model, filter, order: fc.array(fc.record({ path, direction }), { maxLength: 2 }), fields, ...beside }, { requiredKeys: ['model', 'filter'] });
const group = fc.record({
  model, filter, by: fc.array(path, { maxLength: 2 }), aggregates: fc.array(fc.record({ function: fc.constantFrom('count', 'countDistinct', 'sum', 'min', 'max', 'avg'), path }, { requiredKeys: ['function'] }), { maxLength: 2 }),
  order: fc.array(fc.oneof(fc.record({ key: number, direction }), fc.record({ aggregate: number, direction })), { maxLength: 2 }), ...beside,
}, { requiredKeys: ['model', 'filter', 'by', 'aggregates'] });
const read = fc.record({ model, ids, fields, stamped: fc.boolean() }, { requiredKeys: ['model', 'ids', 'fields'] });
const columns = fc.array(fc.oneof(fc.array(odd, { maxLength: 4 }), odd.map((value) => new SameValue(value))), { maxLength: 3 });
const fitting = fc.tuple(model, ids, fields, odd).map(([of, some, names, value]) => ({ model: of, ids: some, count: some.length, fields: names, columns: names.map(() => some.map(() => value)) }));
const insert = fc.oneof(fc.record({ model, count: number, fields, columns, ids, skipsExisting: fc.boolean() }, { requiredKeys: ['model', 'count', 'fields', 'columns'] }), fitting.map(({ ids: _, ...rows }) => rows), fitting);
const update = fc.oneof(fc.record({ model, ids, fields, columns, expected: fc.array(fc.constantFrom(null, 0n, 1n, 2n ** 70n), { maxLength: 4 }) }, { requiredKeys: ['model', 'ids', 'fields', 'columns'] }), fitting);

/** A call of the right form, with whatever in it. */
type Hostile = (session: Session) => unknown;
const call = <T>(given: fc.Arbitrary<T>, ask: (session: Session, given: never) => unknown): fc.Arbitrary<Hostile> => given.map((one) => Object.assign((session: Session) => ask(session, one as never), { [fc.toStringMethod]: () => `${String(ask)} of ${fc.stringify(one)}` }));
const calls = fc.oneof(
  call(read, (session, one) => session.read(one)), call(query, (session, one) => session.query(one)), call(query, (session, one) => session.count(one)), call(group, (session, one) => session.group(one)),
  call(query, async (session, one) => { for await (const batch of session.stream(one, { batchSize: 1 })) if (batch.ids.length > 3) return; }), call(fc.tuple(query, number), async (session, [one, batchSize]: [never, number]) => session.stream(one, { batchSize })[Symbol.asyncIterator]().next()),
  call(fc.record({ model, ids, fields, context: fc.dictionary(fc.constantFrom('lang', 'allowedCompanyIds', 'uid', 'su', '__proto__x', 'a'), odd) }), (session, one) => session.compute?.(one)),
  call(insert, (session, one) => session.insert(one)), call(update, (session, one) => session.update(one)), call(fc.tuple(model, ids, fc.option(fc.array(fc.constantFrom(null, 1n), { maxLength: 3 }), { nil: undefined })), (session, [of, some, expected]: [string, number[], undefined]) => session.delete(of, some, expected)),
  call(fc.array(fc.constantFrom('', '$', '$models', '$models {', '$x'), { maxLength: 2 }), (session, one) => session.signal?.(one)),
  call(fc.tuple(fc.constantFrom('select $1', 'select 1; select 2', '', 'nonsense', 'select \'\0\''), fc.array(odd, { maxLength: 2 })), (session, [words, params]: [string, unknown[]]) => session.sql(words, params)),
  call(fc.constant(0), async (session) => session.rollbackTo(await session.savepoint())),
  call(fc.array(fc.oneof(fc.record({ kind: fc.constant('read'), question: read, answer: fc.constant({ ids: [1], columns: [['a']] }) }), fc.record({ kind: fc.constant('query'), question: query, answer: fc.constant({ ids: [], columns: [] }), tags: fc.array(fc.record({ model })) })), { maxLength: 2 }), (session, reads) => { session.noteCached?.(reads); }),
);

/** Which calls change. */
const stateOf = ({ state }: Session): string => state;

async function world(storage: Storage) {
  const below = await openOrmolu({ models, storage, users: 'user', groupsOf: () => [] });
  await below.migrate();
  await below.transaction(async (env) => {
    await env.model('user').create({ name: 'clerk' });
    const town = await env.model('town').create({ name: 'Ghent' });
    await env.model('person').create([{ name: 'Ann', salary: 70, town, size: 2, far: 3n, price: '1.50', day: '2024-02-29', data: { a: 1 } }, { name: 'Bob', salary: 50 }]);
  });
  const faults: unknown[] = [];
  const server = await serve(below, { port: 0, auth: (token) => ({ worker: 'worker', reader: { user: 1 }, writer: { user: 1, mayWrite: true } } as Readonly<Record<string, Access>>)[token], onFault: (fault) => faults.push(fault) });
  const all = () => below.transaction(async (env) => JSON.stringify([await (await env.model('person').search({})).read(['name', 'size', 'salary', 'double']), await (await env.model('town').search({})).read(['name', 'people', 'fans'])]));
  return { below, server, faults, all, schema: below.registry.schema, end: async () => { await server.close(); await below.close(); } };
}

describe.each([['memory', () => memory(), 60], ['PGlite', () => pglite(), 20]] as const)('over %s', (_, open, runs) => {
  test.each(['worker', 'reader', 'writer'])('law: whatever values a %s puts into his calls, he is answered by an error that says why or by what he asked for, and nothing is changed that he does not commit', async (token) => {
    const { server, faults, all, schema, end } = await world(open());
    const client = remote(server.url, { token });
    const before = await all();
    const answered = new Map<string, number>();
    const codes = new Set<string>();
    await fc.assert(fc.asyncProperty(fc.array(calls, { minLength: 10, maxLength: 40 }), fc.constantFrom('read committed', 'repeatable read', 'serializable'), async (script, isolation) => {
      const session = await client.open({ schema, sight: true, isolation });
      try {
        for (const ask of script) {
          // What a cache had not answered ends it.
          if (stateOf(session) !== 'open') break;
          const savepoint = await session.savepoint();
          const code = await Promise.resolve().then(() => ask(session)).then(() => 'answer', (error: unknown) => { if (OrmoluError.is(error)) return error.code; throw error; });
          codes.add(code);
          answered.set(code, (answered.get(code) ?? 0) + 1);
          if (['open', 'failed'].includes(stateOf(session))) await session.rollbackTo(savepoint);
        }
      } finally {
        if (token === 'reader') await session.commit().catch(() => undefined);
        await session.rollback();
      }
    }), { numRuns: lawRuns(runs) });
    expect(faults).toEqual([]);
    expect(codes).not.toContain('REMOTE_FAULT');
    expect(await all()).toBe(before);
    expect(answered.get('answer')).toBeGreaterThan(runs);
    await client.close();
    expect(server.stats()).toMatchObject({ transactions: 0 });
    await end();
  }, 180_000);
});
