import { SameValue, type Session } from '@ormolu/kernel';
import {
  bigint, binary, boolean, char, date, datetime, decimal, defineModels, float, integer, json, many2many, many2one, memory, one2many, openOrmolu, pglite, reference, remote, selection, serve, type Storage,
} from 'ormolu';

/** What users' programs know. */
const seen = defineModels({
  user: { name: char() },
  company: { name: char() },
  tag: { name: char() },
  team: { name: char({ required: true }), members: one2many('person', 'team'), headcount: integer({ store: true }), cost: float({ store: true }) },
  person: {
    name: char({ required: true }), label: char({ store: true }), hours: integer({ default: 1 }), cost: float({ store: true }), team: many2one('team', { onDelete: 'cascade' }), tags: many2many('tag'),
    slogan: char({ translate: true }), rate: float({ companyDependent: true }),
  },
  plain: {
    big: bigint(), bytes: binary(), yes: boolean(), day: date(), when: datetime(), price: decimal({ scale: 2 }), more: json(), kind: selection(['a', 'b']), any: reference(['tag', 'team']),
  },
}).options('person', { versioned: true })
  .computeBatch('team', ['headcount'], ['members'], (teams) => { for (const team of teams) team.headcount = team.members.length; });

/** What the program that serves knows beside: a field of some, and what is computed from it. */
const models = seen.extend({ person: { salary: integer({ groups: ['hr'], default: 10 }), secret: char({ groups: ['hr'] }) } })
  .compute('person', 'cost', ['hours', 'salary'], (person) => (person.hours ?? 0) * (person.salary ?? 0))
  .compute('team', 'cost', ['members.cost'], (team) => team.members.mapped('cost').reduce((sum: number, cost) => sum + (cost ?? 0), 0))
  .compute('person', 'label', ['name'], (person) => `* ${person.name}`)
  .inverse('person', 'label', (person) => { person.name = (person.label ?? '').replace('* ', ''); });

const [CLERK, OFFICER] = [1, 2];

async function world(storage: Storage) {
  const below = await openOrmolu({ models, storage, users: 'user', companies: 'company', groupsOf: (env) => (env.uid === OFFICER ? ['hr'] : []) });
  await below.migrate();
  const { team, ids } = await below.transaction(async (env) => {
    await env.model('user').create([{ name: 'clerk' }, { name: 'officer' }]);
    await env.model('company').create([{ name: 'A' }, { name: 'B' }]);
    await env.model('tag').create([{ name: 'x' }, { name: 'y' }]);
    const made = await env.model('team').create({ name: 'T' });
    const people = await env.model('person').create([{ name: 'Ann', salary: 100, hours: 2, team: made, secret: 'psst' }, { name: 'Bob', salary: 50, hours: 3, team: made }]);
    return { team: made.id, ids: people.ids as number[] };
  });
  const server = await serve(below, {
    port: 0,
    auth: (token) => ({ clerk: { user: CLERK, mayWrite: true as const }, officer: { user: OFFICER, mayWrite: true as const }, tagger: { user: CLERK, mayWrite: ['tag', 'person'] }, reader: { user: CLERK } })[token],
  });
  const clients: { close(): Promise<void> }[] = [];
  const open = async (token: string, options: { readonly localCache?: false } = {}) => {
    const db = await openOrmolu({ models: seen, storage: remote(server.url, { token }), ...options });
    clients.push(db);
    return db;
  };
  const storageOf = (token: string) => {
    const client = remote(server.url, { token });
    clients.push(client);
    return client;
  };
  return {
    below, team, ids, open, storageOf,
    end: async () => {
      for (const client of clients) await client.close();
      await server.close();
      await below.close();
    },
  };
}

describe.each([['memory', () => memory()], ['PGlite', () => pglite()]] as const)('a user of a server over %s', (_, openStorage) => {
  let here: Awaited<ReturnType<typeof world>>;
  beforeAll(async () => { here = await world(openStorage()); });
  afterAll(() => here.end());

  /** What the database has of people, asked by the program that serves. */
  const people = (ids: readonly number[] = here.ids) => here.below.transaction((env) => env.model('person').browse(ids as number[]).read(['name', 'hours', 'salary', 'cost', 'label']), { readOnly: true });
  const teamOf = () => here.below.transaction(async (env) => (await env.model('team').browse([here.team]).read(['cost', 'headcount']))[0], { readOnly: true });

  describe.each([['with a cache of its own', {}], ['without', { localCache: false as const }]])('whose client is %s', (_name, options) => {
    test('writes what he sees, and what follows from what he does not see is worked out by the server', async () => {
      const db = await here.open('clerk', options);
      const [ann = 0] = here.ids;
      const then = await db.transaction(async (env) => {
        const person = env.model('person').browse(ann);
        await person.load(['hours', 'cost', 'team.cost']);
        await person.write({ hours: 5 });
        await env.flush();
        return env.run(() => [person.hours, person.cost, person.team?.cost]);
      });
      expect(then).toEqual([5, 500, 650]);
      expect((await people())[0]).toMatchObject({ hours: 5, salary: 100, cost: 500 });
      expect(await teamOf()).toMatchObject({ cost: 650, headcount: 2 });
      await db.transaction((env) => env.model('person').browse(ann).write({ hours: 2 }));
      expect(await db.transaction((env) => env.run(() => env.model('person').browse(ann).cost))).toBe(200);
      expect(await teamOf()).toMatchObject({ cost: 350 });
    });

    test('creates records with what the server gives them, and unlinks them', async () => {
      const db = await here.open('clerk', options);
      const made = await db.transaction(async (env) => {
        const person = await env.model('person').create({ name: 'Cid', hours: 4, team: here.team, tags: [1, 2], slogan: 'Hi' } as never);
        return { ids: person.ids as number[], cost: await env.run(() => person.at(0)?.cost), headcount: await env.run(() => env.model('team').browse(here.team).headcount) };
      });
      expect(made).toMatchObject({ cost: 40, headcount: 3 });
      expect(await people(made.ids)).toMatchObject([{ name: 'Cid', hours: 4, salary: 10, cost: 40, label: '* Cid' }]);
      expect(await teamOf()).toMatchObject({ cost: 390, headcount: 3 });
      const tags = () => here.below.transaction(async (env) => (await env.model('person').browse(made.ids).read(['tags']))[0]?.tags);
      expect(await tags()).toEqual([1, 2]);
      await db.transaction((env) => env.model('person').browse(made.ids).write({ tags: [{ unlink: 1 }] }));
      expect(await tags()).toEqual([2]);
      await db.transaction((env) => env.model('person').browse(made.ids).unlink());
      expect(await here.below.transaction(async (env) => (await env.model('person').browse(made.ids).exists()).length)).toBe(0);
      expect(await teamOf()).toMatchObject({ cost: 350, headcount: 2 });
    });

    test('assigns what has an inverse there', async () => {
      const db = await here.open('clerk', options);
      const [, bob = 0] = here.ids;
      const name = await db.transaction(async (env) => {
        const person = env.model('person').browse(bob);
        await person.load(['name']);
        await person.write({ label: '* Bert' });
        await env.flush();
        return env.run(() => person.name);
      });
      expect(name).toBe('Bert');
      expect((await people())[1]).toMatchObject({ name: 'Bert', label: '* Bert' });
      await db.transaction((env) => env.model('person').browse(bob).write({ name: 'Bob' }));
      expect((await people())[1]).toMatchObject({ label: '* Bob' });
    });
  });

  test('values of every kind, of languages and companies come as he gave them', async () => {
    const db = await here.open('clerk');
    const values = { big: 2n ** 60n, bytes: new Uint8Array([0, 255]), yes: false, day: '2026-02-28', when: new Date('2026-01-02T03:04:05.678Z'), price: '12.50', more: { a: [1, null] }, kind: 'b' as const, any: 'tag,2' };
    const id = await db.transaction(async (env) => (await env.model('plain').create(values as never)).id);
    const names = ['big', 'bytes', 'yes', 'day', 'when', 'price', 'more', 'kind', 'any'] as const;
    expect(await here.below.transaction((env) => env.model('plain').browse(id).read(names))).toMatchObject([values]);
    await db.transaction((env) => env.model('plain').browse(id).write({ big: null, bytes: null, yes: true, day: null, when: null, price: '0.01', more: null, any: 'team,1' }));
    expect(await here.below.transaction((env) => env.model('plain').browse(id).read(names))).toMatchObject([{ big: null, bytes: null, yes: true, day: null, when: null, price: '0.01', more: null, any: 'team,1' }]);

    const person = await db.transaction(async (env) => {
      const made = await env.withContext({ lang: 'nl_BE', allowedCompanyIds: [2] }).model('person').create([{ name: 'Dee', slogan: 'Dag', rate: 7 }, { name: 'Eve' }]);
      return made.ids as number[];
    });
    await db.transaction((env) => env.withContext({ lang: 'fr_BE', allowedCompanyIds: [1] }).model('person').browse(person).write({ slogan: 'Salut', rate: 3 }));
    const at = (lang: string, company: number) => here.below.transaction((env) => env.withContext({ lang, allowedCompanyIds: [company] }).model('person').browse(person).read(['slogan', 'rate']));
    expect(await at('nl_BE', 2)).toMatchObject([{ slogan: 'Dag', rate: 7 }, { rate: null }]);
    expect(await at('fr_BE', 1)).toMatchObject([{ slogan: 'Salut', rate: 3 }, { slogan: 'Salut', rate: 3 }]);
    expect(await at('en_US', 1)).toMatchObject([{ slogan: 'Dag' }, {}]);
    await db.transaction((env) => env.model('person').browse(person).unlink());
  });

  const inSession = async <T>(token: string, work: (session: Session) => Promise<T>): Promise<T> => {
    const session = await here.storageOf(token).open({ schema: here.below.registry.schema });
    try {
      const done = await work(session);
      await session.commit();
      return done;
    } finally {
      await session.rollback();
    }
  };
  const update = (session: Session, fields: readonly string[], values: readonly unknown[], more: object = {}) => session.update({ model: 'person', ids: here.ids.slice(0, 1), fields, columns: values.map((value) => new SameValue(value)), ...more });

  test.each<[string, string, (session: Session) => Promise<unknown>]>([
    ['writes a field of others', 'clerk', (session) => update(session, ['salary'], [1])],
    ['writes one among his own', 'clerk', (session) => update(session, ['hours', 'secret'], [1, 'x'])],
    ['creates with one', 'clerk', (session) => session.insert({ model: 'person', count: 1, fields: ['name', 'salary'], columns: [['x'], [1]] })],
    ['writes a version', 'clerk', (session) => update(session, ['$version'], [1n])],
    ['writes what is no model', 'clerk', (session) => session.insert({ model: 'ormolu.remote.commit', count: 1, ids: ['x'], fields: ['at'], columns: [[new Date()]] })],
    ['reads tokens', 'clerk', (session) => session.read({ model: 'ormolu.remote.commit', ids: ['x'], fields: ['at'] })],
    ['tells of models', 'clerk', (session) => session.signal?.(['$models']) ?? Promise.resolve()],
    ['asks in SQL', 'clerk', (session) => session.sql('delete from person', [])],
    ['may only read', 'reader', (session) => update(session, ['hours'], [1])],
    ['may not write this model', 'tagger', (session) => session.delete('team', [here.team])],
  ])('who %s is refused, and nothing of it stays', async (_name, token, attempt) => {
    const before = await people();
    await expect(inSession(token, attempt)).rejects.toMatchObject({ code: expect.stringMatching(/^(FIELD_UNKNOWN|MODEL_UNKNOWN|REMOTE_FORBIDDEN)$/) as string });
    expect(await people()).toEqual(before);
  });

  test.each<[string, (session: Session) => Promise<unknown>]>([
    ['columns that are none', (session) => session.insert({ model: 'person', count: 1, fields: ['name'], columns: 'x' as never })],
    ['a column too short', (session) => session.insert({ model: 'person', count: 3, fields: ['name'], columns: [['x']] })],
    ['endless rows', (session) => session.insert({ model: 'person', count: 1e12, fields: [], columns: [] })],
    ['fields that are none', (session) => session.insert({ model: 'person', count: 1, fields: 7 as never, columns: [] })],
    ['a value of another type', (session) => update(session, ['hours'], [{ ids: [1], model: 'person' }])],
    ['ids that are none', (session) => session.update({ model: 'person', ids: [{}] as never, fields: ['hours'], columns: [[1]] })],
    ['no ids', (session) => session.delete('person', null as never)],
    ['values by nothing', (session) => update(session, ['rate'], [7])],
    ['half a pair', (session) => session.insert({ model: here.below.registry.schema.tables.find(({ model }) => model.includes('tag') && model.includes('person'))?.model ?? '', count: 1, fields: ['person'], columns: [[1]] })],
  ])('%s are refused in words', async (_name, attempt) => {
    const before = await people();
    await expect(inSession('clerk', attempt)).rejects.toMatchObject({ code: expect.stringMatching(/^(TX_|FIELD_|MODEL_|STORAGE_|REMOTE_PROTOCOL$)[A-Z_]*$/) as string });
    expect(await people()).toEqual(before);
  });

  test('what he says was computed is worked out anew, and he is told', async () => {
    const touched = await inSession('clerk', async (session) => {
      await update(session, ['cost'], [1_000_000]);
      return session.takeTouched?.();
    });
    expect((await people())[0]).toMatchObject({ cost: 200 });
    expect(touched).toContainEqual({ model: 'person', id: here.ids[0], fields: ['cost'] });
    expect(JSON.stringify(touched)).not.toContain('salary');
  });

  test('who is in the group writes the field', async () => {
    await inSession('officer', (session) => update(session, ['salary'], [101]));
    expect((await people())[0]).toMatchObject({ salary: 101, cost: 202 });
    await inSession('officer', (session) => update(session, ['salary'], [100]));
  });

  test('a statement that fails leaves nothing, and the transaction goes on', async () => {
    await inSession('clerk', async (session) => {
      await update(session, ['hours'], [7]);
      await expect(session.insert({ model: 'person', count: 2, fields: ['name'], columns: [['x', null]] })).rejects.toMatchObject({ code: 'TX_REQUIRED' });
      const savepoint = await session.savepoint();
      await update(session, ['hours'], [9]);
      await session.rollbackTo(savepoint);
    });
    expect((await people())[0]).toMatchObject({ hours: 7, cost: 700 });
    await inSession('clerk', (session) => update(session, ['hours'], [2]));
  });

  test('a version that has passed is refused', async () => {
    await expect(inSession('clerk', (session) => update(session, ['hours'], [8], { expected: [1n] }))).rejects.toMatchObject({ code: 'STORAGE_VERSION' });
    const db = await here.open('clerk');
    const [ann = 0] = here.ids;
    await expect(db.transaction(async (env) => {
      const person = env.model('person').browse(ann);
      await person.load(['hours']);
      await person.write({ hours: 2 });
    }, { concurrency: 'optimistic' })).resolves.toBeUndefined();
  });

  test('he sees what others wrote meanwhile, and the server\'s caches what he wrote', async () => {
    const db = await here.open('clerk');
    const [ann = 0] = here.ids;
    const cost = () => db.transaction((env) => env.run(() => env.model('person').browse(ann).cost), { readOnly: true });
    expect(await cost()).toBe(200);
    await here.below.transaction((env) => env.model('person').browse(ann).write({ salary: 30 }));
    expect(await cost()).toBe(60);
    await db.transaction((env) => env.model('person').browse(ann).write({ hours: 3 }));
    expect([await cost(), (await people())[0]?.cost]).toEqual([90, 90]);
    await here.below.transaction((env) => env.model('person').browse(ann).write({ salary: 100, hours: 2 }));
  });
});
