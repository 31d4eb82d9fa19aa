import { Cache, type CacheRecords } from '../../src/index';

const env = { cacheKey: () => 'none' };
const records = (ids: readonly number[]): CacheRecords => ({ model: 'city', ids, env, browse: (other) => records(other as readonly number[]) });
const name = { model: 'city', name: 'name', dependsContext: [] };

test('values fetched while a mark is open, and kept by the undo, are still listed and can be invalidated', () => {
  const cache = new Cache();
  cache.set(records([1]), name, 'Ghent');
  const mark = cache.openUndo();
  cache.invalidate();
  cache.insertMissing(records([2]), name, ['Bruges']);
  cache.undoTo(mark);
  cache.closeUndo(mark);
  const listed = [...cache.entries(name)].map(([, id, value]) => [id, value]);
  expect(listed).toContainEqual([1, 'Ghent']);
  for (const [id, value] of listed) expect(cache.get(records([id as number]), name)).toBe(value);
  expect(cache.contains(records([2]), name)).toBe(listed.some(([id]) => id === 2));
  cache.invalidate();
  expect(cache.contains(records([1]), name)).toBe(false);
  expect(cache.contains(records([2]), name)).toBe(false);
});

test('a column first met by a fetch while a mark is open is listed after the undo', () => {
  const cache = new Cache();
  const mark = cache.openUndo();
  cache.insertMissing(records([2]), name, ['Bruges']);
  cache.undoTo(mark);
  expect([...cache.entries(name)].map(([, id]) => id)).toEqual([2]);
  cache.invalidate();
  expect(cache.contains(records([2]), name)).toBe(false);
});
