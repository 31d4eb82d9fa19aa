import { setImmediate as later } from 'node:timers/promises';
import { collected, createDatabase, lawRuns } from '@ormolu/test-support';
import type { Transaction } from '@ormolu/transaction';
import * as fc from 'fast-check';
import { Client } from 'pg';
import { char, ConcurrentModificationError, datetime, defineModels, integer, openOrmolu, postgres, RecordSession, type DefinitionsOf, type Ormolu } from '../src/index';
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
    const session = small.session();
    let held = await session.load('account', ids[0]!);
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
    await small.transaction((env) => env.model('account').browse(ids[0]!).write({ balance: 6 }));
    await scan();
    await collected();
    expect([held!.values.balance, await questions()]).toEqual([0, 0]);
    await session.load('account', ids[0]!);
    held!.values.balance = 7;
    await session.save(held!);
    await scan();
    await collected();
    expect([await questions(), held!.values.balance]).toEqual([0, 7]);
    session.invalidate(); // it holds those used lately
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

  test('what is assigned while a save is under way stays, and is left to the next', async () => {
    const session = db.session();
    const one = (await session.load('account', id))!;
    const { values } = one;
    values.balance = 10;
    values.since = new Date(1);
    const saved = session.save(one);
    values.name = 'x';
    values.since.setTime(2);
    await saved;
    expect([one.isChanged, one.values === values, one.read, values]).toEqual([
      true, true, { name: 'savings', balance: 10, since: new Date(1), label: 'savings: 10' }, { name: 'x', balance: 10, since: new Date(2), label: 'savings: 10' },
    ]);
    await session.save(one);
    expect([one.isChanged, await stored(db, id)]).toEqual([false, { id, name: 'x', balance: 10, since: new Date(2), label: 'x: 10' }]);
  });

  test('what is begun with an instance waits for what was begun before', async () => {
    const session = db.session();
    const one = (await session.load('account', id))!;
    one.values.balance = 51;
    const first = session.save(one);
    one.values.balance = 52;
    await Promise.all([first, session.save(one), session.load('account', id)]);
    expect([one.isChanged, one.values.balance, await stored(db, id)]).toMatchObject([false, 52, { balance: 52, label: 'savings: 52' }]);
    one.values.balance = 53;
    const last = session.save(one);
    const [, , found] = await Promise.all([last, session.delete(one), session.load('account', id)]);
    expect(found).toBeUndefined();
    await expect(stored(db, id)).rejects.toThrow('does not exist');
    one.values.balance = 54;
    await expect(Promise.all([session.save(one), session.save(one)])).rejects.toBeInstanceOf(ConcurrentModificationError);
  });

  test('an answer that comes late does not set an instance back, the first of two neither', async () => {
    const ends: (() => void)[] = [];
    let isLate = false;
    const session = sessionOn(db, async () => {
      if (isLate) await new Promise<void>((resolve) => ends.push(resolve));
    });
    isLate = true;
    const slow = session.load('account', id); // read, and not yet answered
    await until(() => ends.length === 1);
    isLate = false;
    const one = (await session.load('account', id))!;
    one.values.balance = 10;
    await session.save(one);
    ends[0]?.();
    expect([await slow === one, one.values.balance]).toEqual([true, 10]);
    isLate = true;
    const again = session.load('account', id);
    await until(() => ends.length === 2);
    isLate = false;
    one.values.balance = 11;
    const saved = session.save(one);
    ends[1]?.();
    await Promise.all([again, saved]);
    expect([one.isChanged, one.values.balance, await stored(db, id)]).toMatchObject([false, 11, { balance: 11 }]);
  });

  test('law: however loads, saves and assignments of one record overlap, all that was assigned is there at the end', async () => {
    const step = fc.oneof(
      fc.record({ set: fc.constantFrom('name' as const, 'balance' as const), to: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ call: fc.constantFrom('save' as const, 'load' as const, 'wait' as const) }),
    );
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 6 }), async (script, delays) => {
      let turn = 0;
      const session = sessionOn(db, async () => {
        for (let n = delays[turn++ % delays.length] ?? 0; n > 0; n -= 1) await later();
      });
      const own = await db.transaction(async (env) => (await env.model('account').create({ name: '0', balance: 0 })).id);
      const one = (await session.load('account', own))!;
      const assigned = { name: '0', balance: 0 };
      const begun: Promise<unknown>[] = [];
      for (const each of script) {
        if ('set' in each) {
          const value = each.set === 'name' ? { name: String(each.to) } : { balance: each.to };
          Object.assign(assigned, value);
          Object.assign(one.values, value);
        } else if (each.call === 'wait') await later();
        else begun.push(each.call === 'save' ? session.save(one) : session.load('account', own).then((found) => expect(found).toBe(one)));
      }
      await Promise.all(begun);
      expect(one.values).toMatchObject(assigned);
      await session.save(one);
      expect([one.isChanged, await stored(db, own)]).toMatchObject([false, assigned]);
    }), { numRuns: lawRuns(20) });
  });

  test('what cannot work says so', async () => {
    await expect(db.session().load('plain', 1)).rejects.toMatchObject({ code: 'DB_SESSION_UNVERSIONED' });
    expect(() => db.session({ localCahce: false } as object)).toThrow("Did you mean 'localCache'?");
    // @ts-expect-error there is no such field
    expect((await db.session().load('account', id))!.values.nobody).toBeUndefined();
  });
});

test('an instance that was not changed takes a record that was removed and made again outside, whose version is the same', async () => {
  const scratch = await createDatabase();
  const db = await openOrmolu({ models, storage: postgres(scratch.url) });
  await db.migrate();
  const outside = new Client({ connectionString: scratch.url });
  await outside.connect();
  await outside.query("INSERT INTO account (id, name, balance) VALUES (1, 'old', 1)");
  const session = db.session();
  const one = (await session.load('account', 1))!;
  const { version } = one;
  await outside.query("DELETE FROM account WHERE id = 1; INSERT INTO account (id, name, balance) VALUES (1, 'another', 2)");
  expect(await session.load('account', 1)).toBe(one);
  expect([one.version, one.isChanged, one.values]).toMatchObject([version, false, { name: 'another', balance: 2 }]);
  one.values.balance = 3;
  await session.save(one);
  await outside.query("DELETE FROM account WHERE id = 1; INSERT INTO account (id, name, balance) VALUES (1, 'third', 4)");
  await session.load('account', 1);
  expect([one.version, one.isChanged, one.values]).toMatchObject([version, false, { name: 'third', balance: 4 }]);
  await outside.end();
  await db.close();
  await scratch.drop();
});

/** A session whose answers come late. */
function sessionOn(db: Ormolu<DefinitionsOf<typeof models>>, answering: () => Promise<void>): RecordSession<DefinitionsOf<typeof models>> {
  return new RecordSession(async (work, { isWriting }) => {
    const answer = await db.transaction((env) => work(env.transaction as unknown as Transaction), isWriting ? { concurrency: 'optimistic' } : { readOnly: true }); // as db.session() does
    await answering();
    return answer;
  }, () => undefined, true);
}

async function stored(db: Ormolu<DefinitionsOf<typeof models>>, id: number): Promise<unknown> {
  return (await db.transaction((env) => env.model('account').browse(id).read(['name', 'balance', 'since', 'label'])))[0];
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await later();
}
