import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { char, defineModels } from '@ormolu/registry';
import type { Environment, RecordSet, Transaction } from '../src/index';
import { open } from './support/open';
import { openPeople } from './support/people';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void; // what the flag puts there

let begin: Awaited<ReturnType<typeof openPeople>>;
beforeAll(async () => {
  begin = await openPeople();
});

async function openFor(uid: number | null, context: Record<string, unknown> = {}): Promise<Transaction> {
  const tx = await begin({ uid, context });
  await tx.meetUser();
  return tx;
}

test('equal arguments give the same environment, by value and by type', async () => {
  const { env } = await openFor(1);
  const shaded = env.withContext({ shade: { deep: [1, new Date(5), null] }, lang: 'fr' });
  expect(env.withContext({ lang: 'fr', shade: { deep: [1, new Date(5), null] } })).toBe(shaded);
  expect(shaded.withContext({ shade: undefined, lang: undefined })).toBe(env);
  const values = [1, '1', 1n, true, 'true', null, 0, -0, '', [1], ['1'], { a: 1 }, {}, [], new Date(1), '[1]'];
  const envs = values.map((shade) => env.withContext({ shade }));
  expect(new Set(envs).size).toBe(values.length);
  expect(env.withUser(2)).toBe(env.withUser(2));
  expect(env.withUser(2).withUser(1)).toBe(env);
  expect(env.sudo().sudo()).toBe(env.sudo());
  expect(env.sudo()).not.toBe(env);
});

test('objects of a class of their own are equal to themselves only', async () => {
  const { env } = await openFor(1);
  const shade = new Map([[1, 2]]);
  expect(env.withContext({ shade })).toBe(env.withContext({ shade }));
  expect(env.withContext({ shade })).not.toBe(env.withContext({ shade: new Map([[1, 2]]) }));
});

test('a context cannot be changed from outside', async () => {
  const { env } = await openFor(1);
  const allowedCompanyIds = [2];
  const other = env.withContext({ allowedCompanyIds });
  allowedCompanyIds[0] = 1;
  expect(other.companyId).toBe(2);
  expect(() => (other.context['allowedCompanyIds'] as number[]).push(3)).toThrow(TypeError);
});

test('user, company and language', async () => {
  const { env } = await openFor(2, { lang: 'fr' });
  expect(env.user?.get('name')).toBe('Bob');
  expect(env.user).toBe(env.user);
  expect(env.user?.env.su).toBe(true);
  expect(env.companyId).toBe(2);
  await env.company?.load(['name']);
  expect(env.company?.get('name')).toBe('South');
  expect(env.companies.ids).toEqual([2]);
  expect(env.lang).toBe('fr');
  const both = env.withContext({ allowedCompanyIds: [1, 2] });
  expect([both.companyId, both.companies.ids, both.company?.id]).toEqual([1, [1, 2], 1]);
  expect(both.withCompany(2).context['allowedCompanyIds']).toEqual([2, 1]);
  expect(env.withCompany(env.model('company').browse(1)).companyId).toBe(1);
  // As plain JavaScript may call it.
  expect(() => env.withCompany('x')).toThrow(/withCompany\(\) was given a string. Give an id of company/);
});

test('a user without company, and nobody', async () => {
  const { env } = await openFor(3);
  expect([env.companyId, env.company, env.companies.ids]).toEqual([null, null, []]);
  const nobody = (await openFor(null)).env;
  expect([nobody.user, nobody.companyId, nobody.company, nobody.lang]).toEqual([null, null, null, null]);
});

test('the company of another user is a read like any other', async () => {
  const { env } = await openFor(1);
  const other = env.withUser(2);
  expect(() => other.companyId).toThrow(/company is not loaded/);
  expect(await env.run(() => other.companyId)).toBe(2);
  expect(other.companyId).toBe(2);
});

test('what an environment knows of its user survives clear', async () => {
  const tx = await openFor(2);
  const { user } = tx.env;
  expect(tx.env.companyId).toBe(2);
  tx.clear();
  expect(tx.env.companyId).toBe(2);
  expect(tx.env.user).toBe(user);
  expect(() => user?.get('name')).toThrow(/not loaded/);
});

test('meeting the user is one statement, and none when the context says which companies count', async () => {
  for (const [uid, context, statements] of [[1, {}, 1], [null, {}, 0], [1, { allowedCompanyIds: [] }, 0]] as const) {
    const tx = await begin({ uid, context });
    await tx.meetUser();
    expect(tx.session.statements).toBe(statements);
  }
});

test('user and company are errors that say so when their models are not named', async () => {
  const tx = await begin({ uid: 1, users: undefined, companies: undefined });
  await tx.meetUser();
  expect(() => tx.env.user).toThrow(/without the option users/);
  expect(() => tx.env.company).toThrow(/without the option companies/);
  expect(() => tx.env.companies).toThrow(/without the option companies/);
  expect([tx.env.uid, tx.env.companyId]).toEqual([1, null]);
});

test('values that depend on the context are kept apart by the values and types of its keys', async () => {
  const { env } = await openFor(1);
  const seen = async (own: Environment): Promise<unknown> => (await own.model('thing').browse(1).load(['seenBy'])).get('seenBy');
  const other = env.withUser(2);
  await env.run(() => other.companyId);
  expect(await seen(env)).toBe('lamp|1|1|null|undefinedundefined');
  expect(await seen(other)).toBe('lamp|2|2|null|undefinedundefined');
  expect(await seen(env.withContext({ shade: 1 }))).toBe('lamp|1|1|null|number1');
  expect(await seen(env.withContext({ shade: '1' }))).toBe('lamp|1|1|null|string1');
  expect(await seen(env.withContext({ lang: 'fr' }))).toBe('lamp|1|1|fr|undefinedundefined');
  expect(await seen(env.withCompany(2))).toBe('lamp|1|2|null|undefinedundefined');
  // A key that the field does not name makes no difference.
  const misses = env.transaction.readCounts.misses();
  expect(env.withContext({ tint: 1 }).model('thing').browse(1).get('seenBy')).toBe('lamp|1|1|null|undefinedundefined');
  expect(env.transaction.readCounts.misses()).toEqual(misses);
  // A write concerns every context.
  env.model('thing').browse(1).set('name', 'torch');
  expect(await seen(env.withContext({ shade: '1' }))).toBe('torch|1|1|null|string1');
});

/** Lets promises and finalizers have their turn between collections. */
async function collected(cycles: number): Promise<void> {
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    await new Promise(setImmediate);
    collect();
  }
}

async function useEnvironments(tx: Transaction, round: number): Promise<WeakRef<object>[]> {
  const held: WeakRef<object>[] = [];
  for (let n = 0; n < 50; n += 1) {
    const env = tx.env.withContext({ shade: `${String(round)}-${String(n)}` }).sudo();
    const records: RecordSet = env.model('thing').browse([1]);
    await records.load(['seenBy']);
    await env.run(() => [...records].map((record) => record.get('seenBy')));
    held.push(new WeakRef(env), new WeakRef(records), new WeakRef(records.ensureOne()));
    if (env.user) held.push(new WeakRef(env.user));
  }
  return held;
}

test('environments and records are collected when their last reader is gone, cycle after cycle', async () => {
  const tx = await openFor(1);
  for (let round = 0; round < 3; round += 1) {
    const held = await useEnvironments(tx, round);
    expect(held).toHaveLength(200);
    await collected(4);
    expect(held.filter((reference) => reference.deref() !== undefined)).toEqual([]);
    expect([...tx.envs].every((env) => env === tx.env || env === tx.rootEnv)).toBe(true);
  }
  expect(tx.envs.size).toBe(2);
});

/** Work in an environment of its own that ends in every way that work can end. */
async function endBadly(tx: Transaction, name: string): Promise<WeakRef<object>[]> {
  const env = tx.env.withContext({ shade: name });
  const things = env.model('thing').browse([1]);
  const thing = things.ensureOne();
  await expect(env.run(() => { throw new Error(`${name} ${String(thing.get('seenBy'))}`); })).rejects.toThrow(name);
  await expect(env.run(() => env.model('thing').browse(99).get('seenBy'))).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
  await expect(things.load(['nothing'])).rejects.toMatchObject({ code: 'FIELD_UNKNOWN' });
  await expect(tx.savepoint(async () => {
    await thing.write({ name });
    const draft = env.model('thing').new({ name });
    await env.run(() => [thing.get('seenBy'), draft.get('seenBy')]);
    await draft.save();
    expect(await env.model('thing').search({ name })).toHaveLength(2);
    throw new Error('back');
  }, { flush: name.endsWith('1') })).rejects.toThrow('back');
  await tx.savepoint(() => { thing.set('name', name); });
  const query = env.model('thing').where({ name });
  expect(await env.run(() => [...query].map((one) => one.get('seenBy')))).toHaveLength(1);
  return [env, things, thing, query, await env.model('thing').search()].map((held) => new WeakRef<object>(held));
}

test('environments are collected after errors, runs and savepoints too, cycle after cycle, and nothing grows', async () => {
  const tx = await openFor(1);
  const kept: unknown[] = [];
  for (let round = 0; round < 4; round += 1) {
    const held: WeakRef<object>[] = [];
    for (let n = 0; n < 40; n += 1) held.push(...await endBadly(tx, `${String(round)}-${String(n)}`));
    await tx.flush();
    await collected(4);
    expect([round, held.length, held.filter((reference) => reference.deref() !== undefined)]).toEqual([round, 200, []]);
    expect(tx.envs.size).toBe(2);
    kept.push([tx.savepoints.length, tx.drafts.isEmpty, tx.toCompute.size, tx.triggers.size].map(String));
  }
  expect(new Set(kept.map((state) => JSON.stringify(state))).size).toBe(1);
});

test('a transaction is collected when nobody holds it or its records', async () => {
  const held: WeakRef<object>[] = [];
  for (let round = 0; round < 5; round += 1) {
    const tx = await openFor(1);
    await useEnvironments(tx, round);
    await tx.rollback();
    held.push(new WeakRef(tx), new WeakRef(tx.env), new WeakRef(tx.cache));
  }
  await collected(4);
  // The last one may still be on the stack of this function.
  expect(held.slice(0, -3).filter((reference) => reference.deref() !== undefined)).toEqual([]);
});

test('an environment that has asked for a translated text is collected like others', async () => {
  const { tx } = await open(defineModels({ word: { text: char({ translate: true }) } }).registry());
  await tx.env.model('word').create({ text: 'a' });
  await tx.flush();
  tx.clear();
  const ask = async (lang: string): Promise<WeakRef<Environment>> => {
    const env = tx.env.withContext({ lang });
    await env.model('word').browse(1).load(['text']);
    return new WeakRef(env);
  };
  const held = await Promise.all(Array.from({ length: 20 }, (_, place) => ask(`l${String(place)}`)));
  await collected(4);
  expect(held.filter((reference) => reference.deref() !== undefined)).toEqual([]);
});
