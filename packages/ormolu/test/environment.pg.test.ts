import { char, defineModels, many2one, memory, openOrmolu } from '../src/index';
import { onEachStorage } from './support/on-each-storage';

const models = defineModels({
  'res.company': { name: char({ required: true }) },
  'res.users': { name: char({ required: true }), company: many2one('res.company') },
});

onEachStorage('on', ({ open }) => {
  test('user and company are known when a transaction begins', async () => {
    await using db = await openOrmolu({ models, storage: open(), users: 'res.users', companies: 'res.company' });
    await db.migrate();
    const [uid, companyId] = await db.transaction(async (env) => {
      const company = await env.model('res.company').create({ name: 'North' });
      return [(await env.model('res.users').create({ name: 'Ann', company })).id, company.id];
    });
    await db.transaction(async (env) => {
      expect(env.companyId).toBe(companyId);
      expect(env.user?.name).toBe('Ann');
      expect(env.sudo().user?.company?.id).toBe(companyId);
      expect(await env.run(() => env.withContext({ lang: 'fr' }).company?.name)).toBe('North');
    }, { uid });
    await db.transaction((env) => { expect([env.user, env.companyId]).toEqual([null, null]); });
  });
});

test('a database without users says so', async () => {
  await using db = await openOrmolu({ models, storage: memory() });
  await db.migrate();
  await db.transaction((env) => {
    expect(env.uid).toBe(7);
    expect(() => env.user).toThrow(/without the option users/);
    // @ts-expect-error nothing is known of a user whose model is not named
    expect(() => { String(env.user?.name); }).toThrow(/without the option users/);
  }, { uid: 7 });
});

test('the models of users and companies must exist', async () => {
  // @ts-expect-error there is no such model
  await expect(openOrmolu({ models, storage: memory(), users: 'res.user' })).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
});
