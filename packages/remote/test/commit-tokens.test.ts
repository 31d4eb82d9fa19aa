import { EVERYTHING, type Storage } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { citySchema, Served } from './support/served';

test.each<[string, () => Storage]>([['memory', () => memory()], ['PGlite', () => pglite()]])('over %s, tokens of commits are no business of caches: nobody is told of them, and a client keeps its answers under the same epoch as the server', async (_, open) => {
  const served = await Served.begin({}, open());
  const client = served.client();
  await served.add(client, 'Ghent');
  const sights = [];
  for (const storage of [client, served.below]) {
    const session = await storage.open({ schema: citySchema, sight: 'far' });
    const sight = await session.sight?.();
    sights.push({ epoch: sight?.epoch, uncachable: [...storage.changeLog?.uncachable?.keys() ?? []] });
    const { stamp } = await session.query({ model: 'city', filter: EVERYTHING, fields: ['name'], stamped: true });
    expect(stamp?.epoch).toBe(sight?.epoch);
    await session.rollback();
  }
  expect(sights[0]).toMatchObject({ uncachable: [] });
  expect(sights[0]).toEqual(sights[1]);
  if (served.below.capabilities.sql) {
    const session = await served.below.open({ schema: citySchema });
    expect(await session.sql('select model from ormolu_log where model like $1', ['ormolu%'])).toEqual([]);
    expect(await session.sql('select count(*)::int as commits from ormolu_remote_commits', [])).toEqual([{ commits: 1 }]);
    await session.rollback();
  }
  await served.end();
});
