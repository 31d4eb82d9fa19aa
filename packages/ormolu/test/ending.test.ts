import { char, defineModels, memory, openOrmolu, pglite } from '../src/index';

const models = defineModels({ note: { text: char() } });

test.each(['commit', 'rollback'] as const)('%s() inside the work is refused, and the work goes on', async (call) => {
  const db = await openOrmolu({ models, storage: memory() });
  await db.migrate();
  await db.transaction(async (env) => {
    // The types do not show it; plain JavaScript finds it all the same.
    const tx = env.transaction as unknown as Readonly<Record<typeof call, () => Promise<void>>>;
    await env.model('note').create({ text: 'kept' });
    expect(() => tx[call]()).toThrow(`${call}() was called by the work of a transaction`);
  });
  expect(await db.transaction((env) => env.model('note').count())).toBe(1);
  await db.close();
});

test('a transaction whose work throws is rolled back', async () => {
  const db = await openOrmolu({ models, storage: memory() });
  await db.migrate();
  await expect(db.transaction(async (env) => {
    await env.model('note').create({ text: 'lost' });
    throw new Error('mine');
  })).rejects.toThrow('mine');
  expect(await db.transaction((env) => env.model('note').count())).toBe(0);
  await db.close();
});

test.each([['memory', memory], ['pglite', () => pglite()]] as const)('close() inside a transaction is refused on %s, and the database stays open', async (_name, storage) => {
  const db = await openOrmolu({ models, storage: storage() });
  await db.migrate();
  await db.transaction(async (env) => {
    await env.model('note').create({ text: 'kept' });
    await expect(db.close()).rejects.toMatchObject({ code: 'STORAGE_CLOSE_NESTED' });
  });
  await expect(db.migrate()).resolves.toMatchObject({ statements: [] });
  expect(await db.transaction((env) => env.model('note').count())).toBe(1);
  await db.close();
  await expect(db.transaction(() => 1)).rejects.toMatchObject({ code: 'DB_CLOSED' });
});
