import { char, defineModels, integer, many2many, many2one, memory, one2many, openOrmolu, pglite, related, remote, serve, type Storage } from 'ormolu';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** The same models on both sides, as a program has them that knows nothing of tokens. */
const models = defineModels({
  user: { name: char() },
  team: { name: char(), members: one2many('person', 'team'), total: integer(), cost: integer({ store: true }) },
  person: {
    name: char({ required: true }), hours: integer({ default: 1 }), team: many2one('team'),
    salary: integer({ groups: ['hr'], default: 10 }), note: char({ groups: ['hr'] }), boss: many2one('person', { groups: ['hr'] }), staff: one2many('person', 'boss'), flags: many2many('team', { groups: ['hr'] }),
    pay: integer(), cost: integer({ store: true }), bossName: related('boss.name'), peers: many2many('person'), greeting: char({ dependsContext: ['lang'] }), shout: char(), level: char(), rank: char({ groups: ['hr'] }),
    hint: char({ groups: ['hr'] }),
  },
}).options('person', { order: ['salary', 'name'] })
  .compute('person', 'pay', ['hours', 'salary'], (person) => (person.hours ?? 0) * (person.salary ?? 0))
  .compute('person', 'cost', ['hours', 'salary'], (person) => (person.hours ?? 0) * (person.salary ?? 0))
  .computeBatch('person', ['peers'], ['boss.staff'], (people) => { for (const person of people) (person as { peers: unknown }).peers = person.boss?.staff.ids ?? []; })
  .compute('person', 'greeting', ['note'], (person) => `${String((person.env.context as { lang?: string }).lang)} ${String(person.note?.length ?? 0)}`)
  .compute('person', 'shout', ['name'], (person) => person.name.toUpperCase())
  .computeBatch('person', ['level', 'rank'], ['hours'], (people) => { for (const person of people) { person.level = `L${String(person.hours)}`; person.rank = `R${String(person.hours)}`; } })
  .compute('person', 'hint', ['note'], (person) => person.note)
  .compute('team', 'total', ['members.pay'], (team) => team.members.mapped('pay').reduce((sum: number, pay) => sum + (pay ?? 0), 0))
  .compute('team', 'cost', ['members.cost'], (team) => team.members.mapped('cost').reduce((sum: number, cost) => sum + (cost ?? 0), 0));

const CLERK = 1;
const SECRETS = /psst|hushhush/;

/** A proxy that remembers what the server has sent. */
async function listening(port: number) {
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(port, '127.0.0.1');
    for (const [from, to] of [[client, server], [server, client]] as const) {
      sockets.add(from);
      from.on('data', (bytes: Buffer) => { if (from === server) heard.push(bytes); to.write(bytes); });
      from.on('error', () => undefined);
      from.on('close', () => { to.destroy(); });
    }
  });
  await new Promise<void>((resolve) => { proxy.listen(0, '127.0.0.1', resolve); });
  return {
    url: `tcp://127.0.0.1:${String((proxy.address() as AddressInfo).port)}`,
    heard: () => Buffer.concat(heard).toString('latin1'),
    end: () => { for (const socket of sockets) socket.destroy(); proxy.close(); },
  };
}

async function world(storage: Storage) {
  const groups = new Set<string>();
  const below = await openOrmolu({ models, storage, users: 'user', groupsOf: (env) => (env.uid === CLERK ? [...groups] : []) });
  await below.migrate();
  const { team, ids } = await below.transaction(async (env) => {
    await env.model('user').create([{ name: 'clerk' }]);
    const made = await env.model('team').create({ name: 'T' });
    const ann = await env.model('person').create({ name: 'Ann', salary: 100, hours: 2, team: made, note: 'psst' });
    const others = await env.model('person').create([{ name: 'Bob', salary: 50, hours: 3, team: made, boss: ann, note: 'hushhush' }, { name: 'Cid', salary: 70, hours: 1, boss: ann }]);
    return { team: made.id, ids: [ann.id, ...others.ids] as number[] };
  });
  const server = await serve(below, { port: 0, auth: (token) => ({ clerk: { user: CLERK, mayWrite: true as const }, reader: { user: CLERK }, worker: 'worker' as const })[token] });
  const proxy = await listening(server.port);
  const clients: { close(): Promise<void> }[] = [];
  const open = async (token: string, options: { readonly localCache?: false } = {}) => {
    const db = await openOrmolu({ models, storage: remote(proxy.url, { token }), users: 'user', ...options });
    clients.push(db);
    return db;
  };
  return {
    below, team, ids, groups, open, heard: proxy.heard,
    end: async () => {
      for (const client of clients) await client.close();
      proxy.end();
      await server.close();
      await below.close();
    },
  };
}

describe.each([['memory', () => memory()], ['PGlite', () => pglite()]] as const)('over %s, a user\'s program with the models of the server', (_, openStorage) => {
  describe.each([['with a cache of its own', {}], ['without', { localCache: false as const }]])('%s', (_name, options) => {
    let here: Awaited<ReturnType<typeof world>>;
    beforeAll(async () => { here = await world(openStorage()); });
    afterAll(() => here.end());

    test('reads what its user sees, and what is computed from the rest comes from the server, which sends nothing of that', async () => {
      const db = await here.open('reader', options);
      const read = () => db.transaction(async (env) => {
        const people = await env.model('person').where({}).all();
        await people.load(['pay', 'cost', 'team.total', 'team.cost', 'bossName', 'peers', 'shout', 'level']);
        return { uid: env.uid, all: [...people].map((one) => [one.name, one.hours, one.pay, one.cost, one.bossName, one.peers.ids, one.shout, one.level]), totals: people.at(0)?.team?.total, costs: people.at(0)?.team?.cost };
      }, { readOnly: true });
      const [ann, bob, cid] = here.ids;
      const expected = {
        uid: CLERK, totals: 350, costs: 350,
        all: [['Ann', 2, 200, 200, null, [], 'ANN', 'L2'], ['Bob', 3, 150, 150, 'Ann', [bob, cid], 'BOB', 'L3'], ['Cid', 1, 70, 70, 'Ann', [bob, cid], 'CID', 'L1']],
      };
      expect(await read()).toEqual(expected);
      expect(await read()).toEqual(expected);
      expect(ann).toBeDefined();
      expect(here.heard()).toContain('Ann');
      expect(here.heard()).not.toMatch(SECRETS);
    });

    test('is told that it may not see a field, wherever it names it', async () => {
      const db = await here.open('clerk', options);
      const [ann = 0] = here.ids;
      const attempts: Readonly<Record<string, (env: Parameters<Parameters<typeof db.transaction>[0]>[0]) => unknown>> = {
        read: (env) => env.model('person').browse(ann).read(['salary']),
        load: (env) => env.model('person').browse(ann).load(['note']),
        'a path': (env) => env.model('person').browse(ann).load(['boss.name']),
        property: (env) => env.run(() => env.model('person').browse(ann).salary),
        'a computed field of a group': (env) => env.run(() => env.model('person').browse(ann).hint),
        'a list that follows it': (env) => env.run(() => env.model('person').browse(ann).staff.length),
        filter: (env) => env.model('person').search({ salary: { gt: 60 } }),
        'a filter along it': (env) => env.model('person').search({ 'boss.name': 'Ann' }),
        order: (env) => env.model('person').search({}, { order: ['-salary'] }),
        group: (env) => env.model('person').readGroup({ by: ['boss'] } as never),
        sum: (env) => env.model('person').readGroup({ by: [], sum: ['salary'] } as never),
        write: (env) => env.model('person').browse(ann).write({ salary: 1 }),
        assignment: (env) => { env.model('person').browse(ann).salary = 1; },
        create: (env) => env.model('person').create({ name: 'x', salary: 1 }),
        draft: (env) => env.model('person').new({ note: 'x' }),
        sudo: (env) => env.sudo().model('person').browse(ann).read(['salary']),
      };
      for (const [name, attempt] of Object.entries(attempts)) {
        const error = await db.transaction(async (env) => { await attempt(env); }).then(() => `${name} went through`, (thrown: unknown) => thrown as Error & { code?: string });
        expect([name, error]).toMatchObject([name, { code: 'TX_ACCESS', message: expect.stringMatching(/may not see person\.(salary|note|boss|staff|hint)/) as string }]);
      }
      expect(here.heard()).not.toMatch(SECRETS);
    });

    test('has them in the context in which it asks', async () => {
      const db = await here.open('reader', options);
      const greeting = (lang: string) => db.transaction((env) => env.run(() => env.model('person').browse(here.ids[0] as number).greeting), { context: { lang } });
      expect([await greeting('fr_FR'), await greeting('nl_BE')]).toEqual(['fr_FR 4', 'nl_BE 4']);
    });

    test('follows the groups of its user, from one transaction to the next', async () => {
      const db = await here.open('reader', options);
      const salary = () => db.transaction(async (env) => (await env.model('person').browse(here.ids[0] as number).read(['salary', 'pay', 'note']))[0], { readOnly: true });
      await expect(salary()).rejects.toMatchObject({ code: 'TX_ACCESS' });
      here.groups.add('hr');
      // It knows when it asks for what it may see: the one that was refused had asked nobody.
      await db.transaction((env) => env.model('person').search({}), { readOnly: true });
      expect(await salary()).toMatchObject({ salary: 100, pay: 200, note: 'psst' });
      here.groups.delete('hr');
      await expect(salary()).rejects.toMatchObject({ code: 'TX_ACCESS' });
    });

    test('never reads a value from before: of what others changed, of what it wrote itself, sent or not, or took back', async () => {
      const db = await here.open('clerk', options);
      const [ann = 0, bob = 0] = here.ids;
      const pay = () => db.transaction((env) => env.run(() => env.model('person').browse(ann).pay), { readOnly: true });
      expect(await pay()).toBe(200);
      await here.below.transaction((env) => env.model('person').browse(ann).write({ salary: 30 }));
      expect(await pay()).toBe(60);
      await db.transaction(async (env) => {
        const person = env.model('person').browse(ann);
        const both = async () => { await person.load(['pay', 'cost', 'team.total', 'team.cost']); return [person.pay, person.cost, person.team?.total, person.team?.cost]; };
        expect(await both()).toEqual([60, 60, 210, 210]);
        await person.write({ hours: 5 });
        expect(() => person.pay).toThrow('is not loaded');
        expect(await both()).toEqual([150, 150, 300, 300]);
        person.hours = 6;
        expect(await env.run(() => [person.pay, person.cost])).toEqual([180, 180]);
        await expect(env.run(() => { person.hours = 7; return person.pay; })).rejects.toMatchObject({ code: 'RUN_QUERY_AFTER_WRITE' });
        person.hours = 6;
        await env.transaction.savepoint(async () => {
          await person.write({ hours: 10 });
          expect(await both()).toEqual([300, 300, 450, 450]);
          throw new Error('back');
        }).catch((error: unknown) => { expect(String(error)).toContain('back'); });
        expect(await both()).toEqual([180, 180, 330, 330]);
        const other = await env.model('person').create({ name: 'Dan', hours: 4, team: here.team });
        await other.load(['pay', 'cost']);
        expect([other.at(0)?.pay, other.at(0)?.cost]).toEqual([40, 40]);
        expect(await both()).toEqual([180, 180, 370, 370]);
        await env.model('person').browse(bob).unlink();
        expect(await both()).toEqual([180, 180, 220, 220]);
      });
      expect(await pay()).toBe(180);
      expect(await here.below.transaction(async (env) => (await env.model('team').browse(here.team).read(['total', 'cost']))[0])).toMatchObject({ total: 220, cost: 220 });
    });
  });
});

describe('beside it', () => {
  let here: Awaited<ReturnType<typeof world>>;
  beforeAll(async () => { here = await world(memory()); });
  afterAll(() => here.end());

  test('a worker\'s program sees everything, and acts as whom it says', async () => {
    const db = await here.open('worker');
    expect(await db.transaction(async (env) => [env.uid, await env.model('person').browse(here.ids[0] as number).read(['salary', 'pay'])])).toEqual([null, [{ id: here.ids[0], salary: 100, pay: 200 }]]);
    await expect(db.transaction((env) => env.model('person').browse(here.ids[0] as number).read(['salary']), { uid: CLERK })).rejects.toMatchObject({ code: 'TX_ACCESS' });
  });

  test('acts as its user and as nobody else, and assigns nothing that the server works out', async () => {
    const db = await here.open('clerk');
    await expect(db.transaction(() => undefined, { uid: 2 })).rejects.toMatchObject({ code: 'DB_OPTION_INVALID', message: expect.stringContaining('as user 1 only') as string });
    expect(await db.transaction((env) => env.uid, { uid: CLERK })).toBe(CLERK);
    await expect(db.transaction(async (env) => { await env.model('person').browse(here.ids[0] as number).write({ cost: 1 }); })).rejects.toMatchObject({ code: 'TX_WRITE_REFUSED' });
  });
});
