import { char, defineModels, memory, openOrmolu, pglite, remote, serve, type Storage } from 'ormolu';

const models = defineModels({ city: { name: char() } });
const withNick = models.extend({ city: { nick: char() } });
const withMotto = withNick.extend({ city: { motto: char() } });

describe.each<[string, () => Storage]>([['memory', () => memory()], ['PGlite', () => pglite()]])('models of a served database over %s', (_, open) => {
  test('are reloaded by one client, by another and by the program that serves, and all of them follow', async () => {
    const below = await openOrmolu({ models, storage: open() });
    await below.storage.migrate(withMotto.registry().schema);
    const server = await serve(below, { port: 0 });
    const first = await openOrmolu({ models, storage: remote(server.url) });
    const second = await openOrmolu({ models, storage: remote(server.url) });
    const all = [below, first, second];
    const fields = async () => {
      const seen = [];
      for (const db of all) seen.push(await db.transaction(async (env) => {
        await env.model('city').search({});
        return [...env.transaction.registry.model('city').fields.keys()].filter((name) => name !== 'id');
      }));
      return seen;
    };
    expect(await fields()).toEqual([['name'], ['name'], ['name']]);
    await first.reload(withNick);
    expect(await fields()).toEqual([['name', 'nick'], ['name', 'nick'], ['name', 'nick']]);
    await below.reload(withMotto);
    expect(await fields()).toEqual(all.map(() => ['name', 'nick', 'motto']));
    await second.reload(models);
    expect(await fields()).toEqual([['name'], ['name'], ['name']]);
    for (const db of [first, second]) await db.close();
    await server.close();
    await below.close();
  });
});
