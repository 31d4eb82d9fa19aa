import { collected } from '@ormolu/test-support';
import { char, ConcurrentModificationError, datetime, defineModels, integer, openOrmolu, type DefinitionsOf, type Ormolu } from '../src/index';
import { onEachStorage } from './support/on-each-storage';

const models = defineModels({ account: { name: char({ required: true }), balance: integer(), since: datetime(), label: char({ store: true }) }, plain: { name: char() } })
  .options('account', { versioned: true })
  .compute('account', 'label', ['name', 'balance'], (account) => `${account.name}: ${String(account.balance)}`);

onEachStorage('a session on', ({ open }) => {
  let db: Ormolu<DefinitionsOf<typeof models>>;
  let id: number;
  beforeAll(async () => {
    db = await openOrmolu({ models, storage: open() });
    await db.migrate();
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    id = await db.transaction(async (env) => (await env.model('account').create({ name: 'savings', balance: 1, since: new Date(0) })).id);
  });

  test('with its cache on, a record has one instance, which can be saved again and again', async () => {
    const session = db.session();
    const [one, other] = [await session.load('account', id), await session.load('account', id)];
    expect(other).toBe(one);
    const { version } = one!;
    one!.values.balance = 10;
    expect(one!.isChanged).toBe(true);
    await session.save(one!);
    expect([one!.version, one!.isChanged, one!.values]).toEqual([version + 1n, false, { name: 'savings', balance: 10, since: new Date(0), label: 'savings: 10' }]);
    other!.values.balance = 20;
    await session.save(other!);
    expect(await db.transaction((env) => env.model('account').browse(id).read(['balance', 'label']))).toMatchObject([{ balance: 20, label: 'savings: 20' }]);
  });

  test('a record that somebody holds stays in the local cache however many others are read; one that nobody holds leaves', async () => {
    const small = await openOrmolu({ models, storage: open(), localCache: { maxEntries: 3, policy: 'lru' } });
    await small.migrate();
    const ids = await small.transaction(async (env) => (await env.model('account').create(Array.from({ length: 40 }, (_, n) => ({ name: `n${String(n)}`, balance: n })))).ids);
    let held = await small.session().load('account', ids[0]!);
    const scan = (): Promise<void> => small.transaction(async (env) => {
      for (const one of ids.slice(1)) await env.model('account').browse(one).load(['name']);
    });
    const questions = async (): Promise<number> => {
      const before = small.stats().rungs.at(-1)?.questions ?? 0;
      await small.session().load('account', ids[0]!);
      return (small.stats().rungs.at(-1)?.questions ?? 0) - before;
    };
    await scan();
    expect([held!.values.balance, await questions(), small.localCache.stats().records.records]).toEqual([0, 0, 3]);
    held!.values.balance = 7;
    await small.session().save(held!);
    await scan();
    await collected();
    expect([await questions(), held!.values.balance]).toEqual([0, 7]);
    held = undefined;
    await scan();
    await collected();
    await scan();
    expect([small.localCache.stats().records.heldOutside, await questions()]).toEqual([0, 2]);
    await small.close();
  });

  test('with it off, there are two, and the second to be saved meets somebody else\'s change, in one thread', async () => {
    const session = db.session({ localCache: false });
    const [one, other] = [await session.load('account', id), await session.load('account', id)];
    expect(other).not.toBe(one);
    one!.values.balance = 10;
    await session.save(one!);
    other!.values.balance = 20;
    await expect(session.save(other!)).rejects.toMatchObject({ model: 'account', id, expected: other!.version, found: other!.version + 1n });
    await expect(session.delete(other!)).rejects.toBeInstanceOf(ConcurrentModificationError);
    await session.delete(one!);
    expect(await session.load('account', id)).toBeUndefined();
  });

  test.each([
    ['opened without', { localCache: false }, undefined, 2], ['switched off', {}, undefined, 2], ['opened without, and the session with one of its own', { localCache: false }, { localCache: true }, 1], ['on, and the session without', {}, { localCache: false }, 2],
  ] as const)('a record has so many instances where the local cache of the database is %s', async (how, options, ofSession, instances) => {
    const other = await openOrmolu({ models, storage: open(), ...options });
    await other.migrate();
    const own = await other.transaction(async (env) => (await env.model('account').create({ name: 'own' })).id);
    if (how === 'switched off') other.localCache.disable();
    const session = other.session(ofSession);
    expect(new Set([await session.load('account', own), await session.load('account', own)]).size).toBe(instances);
    await other.close();
  });

  test('an instance that was not changed takes what others wrote; one that was keeps its change, and cannot be saved', async () => {
    const [session, elsewhere] = [db.session(), db.session()];
    const mine = await session.load('account', id);
    const theirs = await elsewhere.load('account', id);
    theirs!.values.balance = 5;
    await elsewhere.save(theirs!);
    expect((await session.load('account', id))!.values.balance).toBe(5);
    mine!.values.name = 'mine';
    theirs!.values.balance = 6;
    await elsewhere.save(theirs!);
    expect((await session.load('account', id))!.values).toMatchObject({ name: 'mine', balance: 5 });
    await expect(session.save(mine!)).rejects.toBeInstanceOf(ConcurrentModificationError);
    session.invalidate();
    const fresh = await session.load('account', id);
    expect([fresh === mine, fresh!.values.balance]).toEqual([false, 6]);
  });

  test('what cannot work says so', async () => {
    await expect(db.session().load('plain', 1)).rejects.toMatchObject({ code: 'DB_SESSION_UNVERSIONED' });
    expect(() => db.session({ localCahce: false } as object)).toThrow("Did you mean 'localCache'?");
    // @ts-expect-error there is no such field
    expect((await db.session().load('account', id))!.values.nobody).toBeUndefined();
  });
});
