import { Cache, NO_CONTEXT, UndoClosedError, type CacheField } from '@ormolu/cache';
import { environmentOf, TestRecords } from '@ormolu/cache/testing';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { UndoLog } from '../src/undo-log';

const name: CacheField = { model: 'city', name: 'name', dependsContext: [] };
const size: CacheField = { model: 'city', name: 'size', dependsContext: [] };
const env = environmentOf({});
const cities = (...ids: number[]) => new TestRecords('city', ids, env);
const filled = () => {
  const cache = new Cache();
  cache.update(cities(3, 1, 2), name, ['c', 'a', 'b']);
  cache.set(cities(1), size, 5, { dirty: true });
  return cache;
};
const everything = (cache: Cache) => [name, size].map((field) => [[...cache.entries(field)], [...cache.dirtyEntries(field)]]).concat([cache.getDirtyFields() as never]);

test('undo restores values, absence, dirtiness and order; the mark stays open', () => {
  const cache = filled();
  const before = everything(cache);
  const mark = cache.openUndo();
  for (let again = 0; again < 2; again += 1) {
    cache.set(cities(1), name, 'A', { dirty: true });
    cache.set(cities(9), name, 'new');
    cache.remove(cities(3), name);
    cache.set(cities(3), name, 'C');
    cache.clearDirtyField(size);
    cache.undoTo(mark);
    expect(everything(cache)).toEqual(before);
  }
});

test('changes of one column in a row are taken back in one go, and not beyond the mark', () => {
  const log = new UndoLog();
  const reverts: [name: string, ...number[]][] = [];
  const named = (who: string) => ({
    revert: (slots: readonly number[], _olds: readonly unknown[], from: number, to: number) => { reverts.push([who, ...slots.slice(from, to + 1)]); },
  });
  const [one, other] = [named('one'), named('other')];
  log.open();
  log.note(one, 1, 'before');
  const mark = log.open();
  for (const slot of [2, 3]) log.note(one, slot, undefined);
  for (const slot of [4, 5]) log.note(other, slot, undefined);
  log.note(one, 6, undefined);
  log.undoAndClose(mark);
  expect(reverts).toEqual([['one', 6], ['other', 4, 5], ['one', 2, 3]]);
});

test('who listens hears of a clear once, before it; and of nothing when values only come', () => {
  const cache = filled();
  const heard: unknown[] = [];
  cache.onNextChange(() => { heard.push(cache.get(cities(1), name)); });
  cache.set(cities(7), name, 'new');
  cache.insertMissing(cities(1, 8), name, ['not this', 'h']);
  cache.clearDirty(cities(1), size);
  expect(heard).toEqual([]);
  cache.clear();
  cache.clear();
  expect(heard).toEqual(['a']);
  cache.onNextChange(() => { heard.push('first'); });
  cache.onNextChange(() => { heard.push('second'); });
  cache.set(cities(1), name, 'a');
  cache.set(cities(1), name, 'b');
  expect(heard).toEqual(['a', 'second']);
});

test('a life ends with clear, and comes back with its undo', () => {
  const cache = filled();
  const first = cache.life;
  expect([first.isCurrent, first.generation]).toEqual([true, cache.generation]);
  const mark = cache.openUndo();
  cache.clear();
  const second = cache.life;
  expect([first.isCurrent, second.isCurrent, second === first, second.generation]).toEqual([false, true, false, cache.generation]);
  cache.undoTo(mark);
  expect([first.isCurrent, second.isCurrent, cache.life === first]).toEqual([true, false, true]);
});

test.each([
  ['invalidate', (cache: Cache) => { cache.invalidate(); }],
  ['clear', (cache: Cache) => { cache.clear(); }],
  ['forget', (cache: Cache) => { cache.forget('city', [1, 2, 3]); }],
  ['discard', (cache: Cache) => { cache.discard(cities(1, 2), name); }],
  ['clearDirty', (cache: Cache) => { cache.clearDirty(cities(1), size); }],
])('undo reaches across %s', (_, act) => {
  const cache = filled();
  const before = everything(cache);
  const mark = cache.openUndo();
  act(cache);
  cache.update(cities(2, 1), name, ['x', 'y'], { dirty: true });
  cache.undoTo(mark);
  expect(everything(cache)).toEqual(before);
});

test('undoing a clear brings the generation back, and the one between does not come again', () => {
  const cache = filled();
  const first = cache.generation;
  const mark = cache.openUndo();
  cache.clear();
  const second = cache.generation;
  cache.undoTo(mark);
  expect(cache.generation).toBe(first);
  cache.clear();
  expect([first, second]).not.toContain(cache.generation);
});

test('nothing is noted while no mark is open', () => {
  const cache = filled();
  const act = () => {
    cache.update(cities(2, 9), name, ['x', 'y'], { dirty: true });
    cache.insertMissing(cities(8), size, [8], { undoable: true });
    cache.clearDirty(cities(2), name);
    cache.clearDirtyField(name);
    cache.remove(cities(2), name);
    cache.invalidate();
    cache.clear();
    cache.set(cities(1), name, 'a');
  };
  const noted = () => (Reflect.get(cache, 'log') as { length: number }).length;
  act();
  expect(noted()).toBe(0);
  const mark = cache.openUndo();
  act();
  expect(noted()).toBeGreaterThan(5);
  cache.closeUndo(mark);
  expect(noted()).toBe(0);
});

test('what was fetched stays after an undo, unless it is undoable', () => {
  const cache = filled();
  const mark = cache.openUndo();
  cache.insertMissing(cities(1, 7), name, ['no', 'fetched']);
  cache.insertMissing(cities(8), name, ['taken back'], { undoable: true });
  cache.set(cities(7), name, 'changed');
  cache.undoTo(mark);
  expect(cache.getValues(cities(1, 7, 8), name)).toEqual(['a', 'fetched']);
});

test('a value fetched out of order stays where nothing else changed', () => {
  const cache = new Cache();
  cache.update(cities(1, 2), name, ['a', 'b']);
  cache.update(cities(1, 2), size, [1, 2]);
  cache.invalidate([[size, [1]]]);
  const mark = cache.openUndo();
  cache.insertMissing(cities(1), size, [10]);
  cache.set(cities(3), size, 3);
  cache.undoTo(mark);
  expect([...cache.entries(size)].map(([, id, value]) => [id, value])).toEqual([[1, 10], [2, 2]]);
  cache.closeUndo(mark);
  cache.remove(cities(1), size);
  cache.set(cities(1), size, 11);
  expect([...cache.entries(size)]).toEqual([[NO_CONTEXT, 2, 2], [NO_CONTEXT, 1, 11]]);
});

test('what is set after an undo comes after what stayed warm', () => {
  const cache = new Cache();
  cache.update(cities(1, 2, 3, 4, 5), size, [1, 2, 3, 4, 5]);
  cache.update(cities(1, 2), name, ['a', 'b']);
  const mark = cache.openUndo();
  cache.remove(cities(1), name);
  cache.set(cities(1), name, 'A');
  cache.insertMissing(cities(5), name, ['warm']);
  cache.undoTo(mark);
  cache.closeUndo(mark);
  cache.set(cities(4), name, 'd');
  expect(cache.getRecords(cities(), name).ids).toEqual([1, 2, 5, 4]);
});

test('closing keeps the changes, and an outer mark still takes them back', () => {
  const cache = filled();
  const before = everything(cache);
  const outer = cache.openUndo();
  const inner = cache.openUndo();
  cache.set(cities(1), name, 'A');
  cache.closeUndo(inner);
  expect(cache.get(cities(1), name)).toBe('A');
  cache.undoTo(outer);
  expect(everything(cache)).toEqual(before);
  cache.set(cities(1), name, 'B');
  cache.closeUndo(outer);
  expect(cache.get(cities(1), name)).toBe('B');
});

test('a mark that is closed, by itself or by one around it, is refused', () => {
  const cache = filled();
  const [outer, inner] = [cache.openUndo(), cache.openUndo()];
  cache.undoTo(outer);
  expect(() => { cache.undoTo(inner); }).toThrow(UndoClosedError);
  const again = cache.openUndo();
  cache.closeUndo(outer);
  for (const closed of [outer, inner, again]) expect(() => { cache.closeUndo(closed); }).toThrow('This undo mark is closed');
  const fresh = cache.openUndo();
  expect(() => { cache.undoTo(outer); }).toThrow(UndoClosedError);
  cache.undoTo(fresh);
});

test('law: after any changes with fetches between, an undo leaves every value of before, every mark, and beyond them only fetched values', () => {
  const id = fc.integer({ min: 1, max: 12 });
  const step = fc.record({ act: fc.constantFrom('set', 'remove', 'fetch', 'invalidate', 'invalidateIds', 'clear', 'dirty'), id, field: fc.constantFrom(name, size) });
  fc.assert(fc.property(fc.array(step, { maxLength: 15 }), fc.array(step, { maxLength: 30 }), (first, then) => {
    const cache = new Cache();
    let fetched = 0;
    const run = ({ act, id: at, field }: (typeof first)[number]) => {
      if (act === 'set') cache.set(cities(at), field, `set ${at}`);
      if (act === 'dirty') cache.set(cities(at), field, `dirty ${at}`, { dirty: true });
      if (act === 'fetch') cache.insertMissing(cities(at), field, [`fetched ${(fetched += 1)}`]);
      if (act === 'remove' && !cache.isDirty(cities(at), field)) cache.remove(cities(at), field);
      if (act === 'invalidate') cache.invalidate([[field]]);
      if (act === 'invalidateIds') cache.invalidate([[field, [at, at + 1]]]);
      if (act === 'clear') cache.clear();
    };
    first.forEach(run);
    const values = new Map([name, size].map((field) => [field, new Map([...cache.entries(field)].map(([, at, value]) => [at, value]))]));
    const dirty = [name, size].map((field) => [...cache.dirtyEntries(field)]);
    const mark = cache.openUndo();
    then.forEach(run);
    cache.undoTo(mark);
    for (const field of [name, size]) {
      const now = new Map([...cache.entries(field)].map(([, at, value]) => [at, value]));
      for (const [at, value] of values.get(field)!) expect(now.get(at)).toBe(value);
      for (const [at, value] of now) if (!values.get(field)!.has(at)) expect(value).toMatch(/^fetched/);
    }
    expect([name, size].map((field) => [...cache.dirtyEntries(field)])).toEqual(dirty);
  }), { numRuns: lawRuns(300) });
});

test('what was forgotten comes back in its place, and what is set then comes behind it', () => {
  const cache = new Cache();
  cache.update(cities(1, 2, 3), size, [1, 2, 3]);
  cache.update(cities(1, 3), name, ['a', 'c']);
  const mark = cache.openUndo();
  cache.invalidate([[name]]);
  cache.insertMissing(cities(1), name, ['fetched']);
  cache.undoTo(mark);
  cache.set(cities(2), name, 'b');
  expect(cache.getRecords(cities(), name).ids).toEqual([1, 3, 2]);
});

test('fields are listed as dirty in the order of their first mark, also after an undo', () => {
  const cache = new Cache();
  const [a, b, c] = ['a', 'b', 'c'].map((one): CacheField => ({ model: 'city', name: one, dependsContext: [] })) as [CacheField, CacheField, CacheField];
  for (const field of [b, a]) cache.set(cities(1), field, 1, { dirty: true });
  const mark = cache.openUndo();
  cache.clearDirtyField(b);
  for (const field of [c, b]) cache.set(cities(1), field, 1, { dirty: true });
  expect(cache.getDirtyFields()).toEqual([a, c, b]);
  cache.discard(cities(1), a);
  cache.undoTo(mark);
  expect(cache.getDirtyFields()).toEqual([b, a]);
  cache.set(cities(1), c, 1, { dirty: true });
  expect(cache.getDirtyFields()).toEqual([b, a, c]);
});
