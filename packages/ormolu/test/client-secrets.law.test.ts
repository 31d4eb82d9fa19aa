import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { EVERYTHING, OPERATORS, type Session } from '@ormolu/kernel';
import { char, defineModels, integer, many2many, many2one, memory, one2many, openOrmolu, pglite, remote, serve, type Storage } from 'ormolu';

/**
 * Nothing that the user sees is computed from what he does not see: then nothing that he is answered may follow from it. No model is versioned: a version tells that something of a
 * record has changed.
 */
const models = defineModels({
  user: { name: char() },
  team: { name: char(), members: one2many('person', 'team'), fans: many2many('person', { groups: ['hr'] }) },
  person: {
    name: char(), size: integer(), team: many2one('team'), friends: many2many('person'), double: integer(),
    salary: integer({ groups: ['hr'] }), note: char({ groups: ['hr'] }), boss: many2one('person', { groups: ['hr'] }), staff: one2many('person', 'boss'), likes: many2many('team', { groups: ['hr'], table: 'likes' }),
    hint: integer({ groups: ['hr'] }), kept: integer({ groups: ['hr'], store: true }),
  },
}).options('person', { order: ['salary', 'note', 'name'], parent: 'boss' })
  .options('team', { order: ['name'] })
  .compute('person', 'double', ['size'], (person) => 2 * (person.size ?? 0))
  .compute('person', 'hint', ['salary'], (person) => person.salary)
  .compute('person', 'kept', ['salary'], (person) => person.salary);

const FIELDS = ['name', 'size', 'team', 'friends', 'double', 'members', 'fans', 'salary', 'note', 'boss', 'staff', 'likes', 'hint', 'kept', 'id', 'person', 'person_id', 'team_id', 'at', '$version', '__proto__'];
const MODELS = ['person', 'person', 'person', 'person', 'team', 'user', 'likes', 'person_friends_rel', 'person_team_rel', 'ormolu.remote.commit', 'ormolu_log', 'nothing'];

/** What one of two databases has where the user does not see. */
interface Secrets {
  readonly salaries: readonly number[];
  readonly notes: readonly (string | null)[];
  readonly bosses: readonly (number | null)[];
  readonly likes: readonly (readonly number[])[];
}

async function world(storage: Storage, { salaries, notes, bosses, likes }: Secrets) {
  const below = await openOrmolu({ models, storage, users: 'user', groupsOf: () => [] });
  await below.migrate();
  await below.transaction(async (env) => {
    await env.model('user').create({ name: 'clerk' });
    const teams = await env.model('team').create([{ name: 'A' }, { name: 'B' }]);
    const people = await env.model('person').create(Array.from({ length: 5 }, (_, n) => ({ name: `p${String(n)}`, size: n % 3, team: teams.ids[n % 2] as number, salary: salaries[n] ?? 0, note: notes[n] ?? null })));
    await people.load(['friends', 'likes']);
    for (const [n, person] of [...people].entries()) await person.write({ boss: bosses[n] ?? null, likes: [...likes[n] ?? []], friends: [people.ids[(n + 1) % 5] as number] });
  });
  const faults: unknown[] = [];
  const server = await serve(below, { port: 0, auth: () => ({ user: 1, mayWrite: true as const }), onFault: (fault) => faults.push(fault) });
  const client = remote(server.url, { token: 'clerk' });
  return { schema: below.registry.schema, client, faults, end: async () => { await client.close(); await server.close(); await below.close(); } };
}

const field = fc.constantFrom(...FIELDS);
const path = fc.array(field, { minLength: 1, maxLength: 3 });
const value = fc.oneof(fc.constantFrom<unknown>(null, true, 'p1', 'psst', 'hush', '%s%', [1, 2], ['psst'], [10, 20], 1n), fc.integer({ min: 0, max: 40 }));
const { filter } = fc.letrec<{ filter: unknown }>((tie) => ({
  filter: fc.oneof({ depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('condition'), path, operator: fc.constantFrom(...OPERATORS), value, along: fc.option(field, { nil: undefined }) }, { requiredKeys: ['kind', 'path', 'operator', 'value'] }),
    fc.constant(EVERYTHING),
    fc.array(tie('filter'), { maxLength: 2 }).map((all) => ({ kind: 'and', all })), fc.array(tie('filter'), { maxLength: 2 }).map((any) => ({ kind: 'or', any })), tie('filter').map((not) => ({ kind: 'not', not }))),
}));
const order = fc.array(fc.record({ path, direction: fc.constantFrom('asc', 'desc') }), { maxLength: 2 });
const model = fc.constantFrom(...MODELS);
const ids = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { maxLength: 4 });
const fields = fc.uniqueArray(field, { maxLength: 3 });
const query = fc.record({
  model, filter, order: fc.option(order, { nil: undefined }), limit: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }), offset: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }), fields, stamped: fc.boolean(),
  caching: fc.option(fc.record({ key: fc.constantFrom('a', 'b'), use: fc.constantFrom('none', 'refresh', undefined) }), { nil: undefined }),
  keys: fc.option(fc.constant({ lang: ['fr'], company: ['1'] }), { nil: undefined }),
});
const group = fc.record({
  model, filter, by: fc.array(path, { maxLength: 2 }), aggregates: fc.array(fc.record({ function: fc.constantFrom('count', 'countDistinct', 'sum', 'min', 'max', 'avg'), path: fc.option(path, { nil: undefined }) }), { maxLength: 2 }),
  order: fc.option(fc.array(fc.record({ key: fc.nat(1), direction: fc.constantFrom('asc', 'desc') }), { maxLength: 1 }), { nil: undefined }),
});
const rows = fc.tuple(model, fields, ids, value).map(([of, names, some, one]) => ({ model: of, ids: some, count: some.length, fields: names, columns: names.map(() => some.map(() => one)) }));

/** One thing that a user's program may send, well formed and perhaps not allowed. */
type Request = readonly [name: string, ask: (session: Session) => Promise<unknown>];
const named = <T>(name: string, given: fc.Arbitrary<T>, ask: (session: Session, given: never) => Promise<unknown>): fc.Arbitrary<Request> => given.map((one) => [`${name} ${JSON.stringify(one, (_, part: unknown) => (typeof part === 'bigint' ? `${String(part)}n` : part))}`, (session) => ask(session, one as never)] as const);
const request: fc.Arbitrary<Request> = fc.oneof(
  named('query', query, (session, one) => session.query(one)),
  named('count', query, (session, one) => session.count(one)),
  named('stream', query, async (session, one) => { const found: unknown[] = []; for await (const batch of session.stream(one, { batchSize: 2 })) found.push(batch); return found; }),
  named('group', group, (session, one) => session.group(one)),
  named('read', fc.record({ model, ids, fields, stamped: fc.boolean() }), (session, one) => session.read(one)),
  named('compute', fc.record({ model, ids, fields, context: fc.constantFrom({}, { lang: 'fr' }, { allowedCompanyIds: [1] }) }), (session, one) => session.compute?.(one) ?? Promise.resolve()),
  named('insert', rows, (session, one) => session.insert(one)),
  named('update', rows, (session, one) => session.update(one)),
  named('delete', fc.tuple(model, ids), (session, [of, some]: [string, number[]]) => session.delete(of, some)),
  named('sql', fc.constantFrom('select salary from person', 'select 1'), (session, one) => session.sql(one, [])),
  named('signal', fc.constant(['$models x']), (session, one) => session.signal?.(one) ?? Promise.resolve()),
);

const secrets = fc.record({
  salaries: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 5, maxLength: 5 }), notes: fc.array(fc.constantFrom('psst', 'hush', null), { minLength: 5, maxLength: 5 }),
  bosses: fc.array(fc.option(fc.integer({ min: 1, max: 2 })), { minLength: 5, maxLength: 5 }).map((all) => all.map((boss, n) => (boss === n + 1 ? null : boss))), likes: fc.array(fc.subarray([1, 2]), { minLength: 5, maxLength: 5 }),
});

/** What a program is answered, stamps aside: those tell of transactions. */
async function answer(session: Session, ask: Request[1]): Promise<unknown> {
  const savepoint = await session.savepoint();
  try {
    return { value: withoutStamps(await ask(session)), touched: session.takeTouched?.() };
  } catch (error) {
    await session.rollbackTo(savepoint);
    const { code, message, details } = error as Error & { readonly code?: string; readonly details?: unknown };
    return { code, message, details };
  }
}

function withoutStamps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutStamps);
  return typeof value === 'object' && value !== null && 'stamp' in value ? { ...value, stamp: undefined } : value;
}

async function assertAlike(open: () => Storage, { runs, of }: { readonly runs: number; readonly of: readonly [Secrets, Secrets] }): Promise<void> {
  const [first, second] = await Promise.all(of.map((one) => world(open(), one))) as [Awaited<ReturnType<typeof world>>, Awaited<ReturnType<typeof world>>]; // two of them
  let answered = 0;
  try {
    await fc.assert(fc.asyncProperty(fc.array(request, { minLength: 10, maxLength: 30 }), async (script) => {
      const sessions = await Promise.all([first, second].map(({ client, schema }) => client.open({ schema, sight: true })));
      try {
        for (const [name, ask] of script) {
          const [a, b] = await Promise.all(sessions.map((session) => answer(session, ask)));
          if (typeof a === 'object' && a !== null && 'value' in a) answered += 1;
          expect([name, a]).toEqual([name, b]);
        }
      } finally {
        for (const session of sessions) await session.rollback();
      }
    }), { numRuns: runs });
    // What never works tells nothing of what would not be told.
    expect(answered).toBeGreaterThan(runs);
    expect([...new Set([...first.faults, ...second.faults].map(String))]).toEqual([]);
  } finally {
    await first.end();
    await second.end();
  }
}

test('law: whatever a user asks or writes, two databases that differ in what he may not see answer the same', async () => {
  await fc.assert(fc.asyncProperty(fc.tuple(secrets, secrets), (of) => assertAlike(() => memory(), { runs: lawRuns(30), of })), { numRuns: 5, endOnFailure: true });
}, 180_000);

test('law: the same over PGlite', async () => {
  const of = [
    { salaries: [1, 2, 3, 4, 5], notes: ['psst', null, 'hush', null, 'psst'], bosses: [2, null, 1, 1, 2], likes: [[1], [], [1, 2], [2], []] },
    { salaries: [9, 20, 3, 8, 0], notes: [null, 'hush', 'hush', 'psst', null], bosses: [null, 1, 2, null, 1], likes: [[], [2], [1], [1, 2], [2]] },
  ] as const;
  await assertAlike(() => pglite(), { runs: lawRuns(20), of });
}, 180_000);

/** Found by the law under seed 14315004. */
test('the server works out no list for a user that is not computed: it would stand in the order of what he may not see', async () => {
  const { client, schema, end } = await world(memory(), { salaries: [3, 21, 2, 17, 1], notes: [null, null, null, null, null], bosses: [null, null, null, null, null], likes: [[], [], [], [], []] });
  try {
    const session = await client.open({ schema, sight: true });
    await expect(session.compute?.({ model: 'team', ids: [2], fields: ['members'], context: {} })).rejects.toMatchObject({ code: 'TX_ARGUMENT', message: expect.stringContaining('team.members is not computed') as string });
    await session.rollback();
  } finally {
    await end();
  }
});
