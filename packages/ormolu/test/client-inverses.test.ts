import type { Session } from '@ormolu/kernel';
import { char, defineModels, integer, many2one, memory, openOrmolu, pglite, related, remote, serve, type Storage } from 'ormolu';

/** The name as a whole loses where it was parted, and the inverse counts how often it runs. */
const models = defineModels({
  user: { name: char() },
  person: { given: char(), family: char(), whole: char({ store: true }), times: integer({ default: 0 }), team: many2one('team'), teamName: related('team.name', { store: true }) },
  team: { name: char() },
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
  const server = await serve(below, { port: 0, auth: (token) => ({ user: 1, mayWrite: token === 'clerk' ? true as const : ['person'] }) });
  const client = await openOrmolu({ models, storage: remote(server.url, { token: 'clerk' }), users: 'user' });
  const narrow = await openOrmolu({ models, storage: remote(server.url, { token: 'people' }), users: 'user' });
  return { below, client, narrow, url: server.url, end: async () => { await narrow.close(); await client.close(); await server.close(); await below.close(); } };
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

  test('is not taken away from one of two new records where only the other was given it', async () => {
    const plain = defineModels({ person: { given: char(), family: char(), whole: char() } });
    const db = await openOrmolu({ models: plain, storage: remote(here.url, { token: 'clerk' }) });
    const ids = await db.transaction(async (env) => (await env.model('person').create([{ whole: 'A B C' }, { given: 'Mary Ann', family: 'Smith' }])).ids as number[]);
    await db.close();
    expect(await Promise.all(ids.map(stored))).toMatchObject([{ given: 'A', family: 'B C', whole: 'A B C', times: 1 }, { given: 'Mary Ann', family: 'Smith', whole: 'Mary Ann Smith', times: 0 }]);
  });

  test('is assigned where nothing else leads to it', async () => {
    const session = await here.client.storage.open({ schema: here.below.registry.schema });
    const [made] = await session.insert({ model: 'person', count: 1, fields: ['whole'], columns: [['A B C']] });
    await session.commit();
    expect(await stored(Number(made))).toMatchObject({ given: 'A', family: 'B C', whole: 'A B C', times: 1 });
  });

  describe('and shows a field of a model that a user may not write', () => {
    let team: number;
    let other: number;
    let person: number;
    beforeEach(async () => {
      [team = 0, other = 0, person = 0] = await here.below.transaction(async (env) => {
        const teams = await env.model('team').create([{ name: 'T' }, { name: 'U' }]);
        return [...teams.ids, (await env.model('person').create({ given: 'Ann', team: teams.ids[0] as number })).id] as number[]; // the database has given them
      });
    });
    const nameOf = (id: number) => here.below.transaction(async (env) => (await env.model('team').browse(id).read(['name']))[0]?.name, { readOnly: true });

    test.each<[string, (session: Session) => Promise<unknown>]>([
      ['writes', (session) => session.update({ model: 'person', ids: [person], fields: ['teamName'], columns: [['X']] })],
      ['writes with another', (session) => session.update({ model: 'person', ids: [person], fields: ['team', 'teamName'], columns: [[other], ['X']] })],
      ['creates with', (session) => session.insert({ model: 'person', count: 1, fields: ['team', 'teamName'], columns: [[team], ['X']] })],
    ])('is no way around that for one who %s it', async (_name, attempt) => {
      const session = await here.narrow.storage.open({ schema: here.below.registry.schema });
      const error = await attempt(session).then(() => undefined, (thrown: unknown) => thrown);
      await session.commit();
      expect(error).toMatchObject({ code: 'REMOTE_FORBIDDEN', message: expect.stringContaining("'team'") as string });
      expect([await nameOf(team), await nameOf(other)]).toEqual(['T', 'U']);
    });

    test('follows what he may write', async () => {
      const made = await here.narrow.transaction(async (env) => {
        await env.model('person').browse(person).write({ team: other });
        return (await env.model('person').create({ given: 'Bob', team })).id;
      });
      const shown = await here.below.transaction((env) => env.model('person').browse([person, made]).read(['team', 'teamName']), { readOnly: true });
      expect(shown).toMatchObject([{ team: other, teamName: 'U' }, { team, teamName: 'T' }]);
      expect([await nameOf(team), await nameOf(other)]).toEqual(['T', 'U']);
    });
  });
});
