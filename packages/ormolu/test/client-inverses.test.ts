import { char, defineModels, integer, memory, openOrmolu, pglite, remote, serve, type Storage } from 'ormolu';

/** The name as a whole loses where it was parted, and the inverse counts how often it runs. */
const models = defineModels({
  user: { name: char() },
  person: { given: char(), family: char(), whole: char({ store: true }), times: integer({ default: 0 }) },
}).compute('person', 'whole', ['given', 'family'], (person) => `${person.given ?? ''} ${person.family ?? ''}`)
  .inverse('person', 'whole', (person) => {
    const [given = '', ...rest] = (person.whole ?? '').split(' ');
    person.given = given;
    person.family = rest.join(' ');
    person.times = (person.times ?? 0) + 1;
  });

async function world(storage: Storage) {
  const below = await openOrmolu({ models, storage, users: 'user', groupsOf: () => [] });
  await below.migrate();
  await below.transaction((env) => env.model('user').create({ name: 'clerk' }));
  const server = await serve(below, { port: 0, auth: () => ({ user: 1, mayWrite: true as const }) });
  const client = await openOrmolu({ models, storage: remote(server.url, { token: 'clerk' }), users: 'user' });
  return { below, client, end: async () => { await client.close(); await server.close(); await below.close(); } };
}

type Env = Parameters<Parameters<Awaited<ReturnType<typeof world>>['client']['transaction']>[0]>[0];
const personOf = (env: Env, id: number) => env.model('person').browse(id);
type Person = ReturnType<typeof personOf>;

/** What a program does to Mary Ann Smith. */
const WORKS: Readonly<Record<string, (person: Person, env: Env) => Promise<unknown>>> = {
  'writes a cause': (person) => person.write({ given: 'Jo Beth' }),
  'assigns a cause of what is loaded': async (person) => { await person.load(['given', 'whole']); person.given = 'Jo Beth'; },
  'writes the whole': (person) => person.write({ whole: 'A B C' }),
  'writes the whole, then a cause': async (person) => { await person.write({ whole: 'A B C' }); await person.write({ given: 'Z' }); },
  'writes a cause, then the whole': async (person) => { await person.write({ given: 'Z' }); await person.write({ whole: 'A B C' }); },
  'assigns both in a run': (person, env) => env.run(() => { person.whole = 'A B C'; person.given = 'Z'; }),
  'writes the whole, and reads': async (person, env) => { await person.write({ whole: 'A B C' }); return env.run(() => [person.given, person.family, person.times]); },
  'writes the whole as it is': async (person) => { await person.load(['whole']); await person.write({ whole: 'Mary Ann Smith' }); },
};

describe.each([['memory', () => memory()], ['PGlite', () => pglite()]] as const)('over %s, what has an inverse at the server', (_, open) => {
  let here: Awaited<ReturnType<typeof world>>;
  beforeAll(async () => { here = await world(open()); });
  afterAll(() => here.end());

  const stored = async (id: number) => {
    const [person] = await here.below.transaction((env) => env.model('person').browse(id).read(['given', 'family', 'whole', 'times']), { readOnly: true });
    return { ...person, id: undefined };
  };
  const created = (db: typeof here.client) => db.transaction(async (env) => (await env.model('person').create({ given: 'Mary Ann', family: 'Smith' })).id);

  test('is not taken for assigned where a user\'s program has computed it for a new record', async () => {
    expect(await stored(await created(here.client))).toMatchObject({ given: 'Mary Ann', family: 'Smith', whole: 'Mary Ann Smith', times: 0 });
  });

  test.each(Object.entries(WORKS))('comes to the same as in a process when a user\'s program %s', async (_name, work) => {
    const both = [];
    for (const db of [here.below, here.client]) {
      const id = await created(here.below);
      const answer = await db.transaction((env) => work(personOf(env, id), env), { uid: 1 });
      both.push({ answer, stored: await stored(id) });
    }
    expect(both[1]).toEqual(both[0]);
  });

  test('is assigned where nothing else leads to it', async () => {
    const session = await here.client.storage.open({ schema: here.below.registry.schema });
    const [made] = await session.insert({ model: 'person', count: 1, fields: ['whole'], columns: [['A B C']] });
    await session.commit();
    expect(await stored(Number(made))).toMatchObject({ given: 'A', family: 'B C', whole: 'A B C', times: 1 });
  });
});
