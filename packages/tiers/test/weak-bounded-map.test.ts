import { collected, lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { WeakBoundedMap, type Lease } from '../src/weak-bounded-map';

interface Thing {
  readonly serial: number;
}

const weigh = (): number => 1;

test('law: for every series of calls, one key has one object, its latest, for as long as somebody holds it', () => {
  const key = fc.nat({ max: 9 });
  const calls = fc.array(fc.oneof(
    { weight: 5, arbitrary: fc.record({ call: fc.constant('set' as const), key }) },
    { weight: 5, arbitrary: fc.record({ call: fc.constantFrom('lend' as const, 'get' as const, 'peek' as const), key }) },
    { weight: 1, arbitrary: fc.record({ call: fc.constant('delete' as const), key }) },
    { weight: 1, arbitrary: fc.record({ call: fc.constant('clear' as const), key }) },
  ), { maxLength: 80 });
  fc.assert(fc.property(calls, (script) => {
    const map = new WeakBoundedMap<number, Thing>({ weigh, maxEntries: 3 });
    const latest = new Map<number, Thing>();
    const held = new Map<number, Lease<Thing>>();
    for (const [serial, one] of script.entries()) {
      if (one.call === 'set') {
        const thing = { serial };
        map.set(one.key, thing);
        latest.set(one.key, thing);
      } else if (one.call === 'clear' || one.call === 'delete') {
        if (one.call === 'clear') {
          map.clear();
          latest.clear();
        } else {
          const was = map.delete(one.key);
          if (held.has(one.key)) expect(was).toBe(latest.has(one.key));
          latest.delete(one.key);
        }
      } else {
        const found = one.call === 'lend' ? map.lend(one.key) : map[one.call](one.key);
        const object = found && 'value' in found ? found.value : found;
        if (object !== undefined || held.has(one.key)) expect(object).toBe(latest.get(one.key));
        if (found && 'value' in found) {
          expect(held.get(one.key) ?? found).toBe(found);
          held.set(one.key, found);
        }
      }
      expect(map.size).toBeLessThanOrEqual(3);
      const reachable = new Map(map.entries());
      for (const [each, lease] of held) expect([reachable.get(each), lease.value]).toEqual([latest.get(each), latest.get(each)]);
      expect(reachable.size).toBe(map.size + map.heldOutside);
    }
  }), { numRuns: lawRuns(100) });
});

test('what somebody holds never leaves, and what nobody holds any more does', async () => {
  const map = new WeakBoundedMap<number, Thing>({ weigh, maxEntries: 100 });
  let held = lendMany(map);
  await collected();
  expect([...map.entries()].filter(([key]) => key % 10 === 0)).toHaveLength(100);
  expect(held.every((lease) => map.lend(lease.value?.serial ?? -1) === lease)).toBe(true);
  await collected();
  const heldOutside = map.heldOutside;
  expect(heldOutside).toBeLessThanOrEqual(100);
  expect([...map.entries()]).toHaveLength(100 + heldOutside);
  held = [];
  await collected();
  expect([map.heldOutside, [...map.entries()].length]).toEqual([0, 100]);
});

/** Apart, so that no variable of the test holds one more. @returns every tenth of a thousand lent */
function lendMany(map: WeakBoundedMap<number, Thing>): Lease<Thing>[] {
  return Array.from({ length: 1_000 }, (_, serial) => {
    map.set(serial, { serial });
    const lent = map.lend(serial);
    return serial % 10 === 0 && lent ? [lent] : [];
  }).flat();
}

test('what was never lent is not kept beyond the bounds', async () => {
  const map = new WeakBoundedMap<number, Thing>({ weigh, maxEntries: 10 });
  const things = Array.from({ length: 100 }, (_, serial) => ({ serial }));
  for (const thing of things) map.set(thing.serial, thing);
  await collected();
  expect([[...map.entries()].length, map.evictions]).toEqual([10, 90]);
});
