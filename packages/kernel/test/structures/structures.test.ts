import { LastOrderedSet, Lru, LruCapacityError, LruKeyError, OrderedSet, StackMap, StackMapEmptyError } from '@ormolu/kernel';
import * as fc from 'fast-check';

test('a stack map reads from the top down and writes on top', () => {
  const map = new StackMap<string, number>();
  expect(() => { map.set('a', 1); }).toThrow(StackMapEmptyError);
  expect(() => map.pop()).toThrow('StackMap.pop() needs a map on the stack');
  expect(() => map.delete('a')).toThrow('StackMap.delete()');
  map.push(new Map([['a', 1], ['b', 2]]));
  map.push();
  map.set('a', 10);
  expect([map.get('a'), map.get('b'), map.get('c'), map.has('b'), map.has('c'), map.size, map.depth]).toEqual([10, 2, undefined, true, false, 2, 2]);
  expect([map.delete('b'), map.delete('a'), map.get('a')]).toEqual([false, true, 1]);
  map.set('c', 3);
  expect([[...map.keys()], map.maps().length]).toEqual([['a', 'b', 'c'], 2]);
  expect([...map.pop()]).toEqual([['c', 3]]);
  expect([map.has('c'), map.depth]).toEqual([false, 1]);
});

test('a value that is undefined is still a value of a stack map', () => {
  const map = new StackMap<string, undefined>();
  map.push();
  map.set('a', undefined);
  expect(map.has('a')).toBe(true);
  expect(map.has('b')).toBe(false);
});

test('an ordered set keeps places; adding to a last-ordered set moves to the end, addAll does not', () => {
  const set = new OrderedSet([3, 1]);
  set.addAll([1, 2, 3]);
  set.add(3);
  set.deleteAll([1, 9]);
  expect([...set]).toEqual([3, 2]);
  const last = new LastOrderedSet([1, 2, 3, 1]);
  last.addAll([2, 4]);
  expect([...last]).toEqual([2, 3, 1, 4]);
  last.add(2);
  expect([...last]).toEqual([3, 1, 4, 2]);
});

test('an lru drops the entry used longest ago; looking with has is no use', () => {
  const lru = new Lru<string, number | undefined>(2);
  lru.set('a', 1);
  lru.set('b', undefined);
  expect([lru.get('a'), lru.has('b'), lru.get('b'), lru.get('c')]).toEqual([1, true, undefined, undefined]);
  lru.get('a');
  expect(lru.has('b')).toBe(true);
  lru.set('c', 3);
  expect([[...lru.entries()], lru.size, lru.capacity]).toEqual([[['a', 1], ['c', 3]], 2, 2]);
  expect([lru.take('a'), lru.take('a'), lru.delete('c'), lru.delete('c'), lru.size]).toEqual([1, undefined, true, false, 0]);
  lru.set('d', 4);
  lru.clear();
  expect(lru.size).toBe(0);
});

test.each([0, -1, 1.5, Number.NaN, Infinity])('an lru of capacity %d is refused', (capacity) => {
  expect(() => new Lru(capacity)).toThrow(LruCapacityError);
});

test('an lru takes room as entries come, not for its capacity', () => {
  const lru = new Lru<number, string>(Number.MAX_SAFE_INTEGER);
  for (const key of [1, 2]) lru.set(key, String(key));
  expect([lru.size, lru.capacity]).toEqual([2, Number.MAX_SAFE_INTEGER]);
});

test('the entries of an lru are all told, also when they are used, dropped or added meanwhile', () => {
  const lru = new Lru<string, number>(9);
  for (const key of ['a', 'b', 'c', 'd']) lru.set(key, 1);
  const told: string[] = [];
  for (const [key] of lru.entries()) {
    told.push(key);
    lru.get(key);
    lru.delete('c');
    lru.set('new', 2);
  }
  expect(told).toEqual(['a', 'b', 'd']);
});

test('undefined is no key of an lru', () => {
  const lru = new Lru<string, number>(2);
  expect(() => { lru.set(undefined as never, 1); }).toThrow(LruKeyError);
  expect([lru.size, lru.has(undefined as never), [...lru.entries()]]).toEqual([0, false, []]);
});

test('law: an lru holds the last keys used, as many as fit', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 4 }), fc.array(fc.tuple(fc.constantFrom('get', 'set'), fc.integer({ min: 0, max: 6 }))), (capacity, uses) => {
    const lru = new Lru<number, number>(capacity);
    let model: number[] = [];
    for (const [use, key] of uses) {
      if (use === 'get' && !model.includes(key)) expect(lru.get(key)).toBeUndefined();
      else {
        if (use === 'set') lru.set(key, key);
        else expect(lru.get(key)).toBe(key);
        model = [...model.filter((one) => one !== key), key].slice(-capacity);
      }
    }
    expect([...lru.entries()].map(([key]) => key)).toEqual(model);
  }));
});
