import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { POLICY_NAMES } from '../../src/policies/policies';
import { SharingStore } from '../../src/policies/sharing-store';

interface Part {
  readonly bytes: number;
}

interface Value {
  readonly parts: readonly Part[];
  readonly bytes: number;
}

const MAX_BYTES = 40;
const PARTS = [0, 3, 7, 12, 50].map((bytes) => ({ bytes }));

const key = fc.nat({ max: 12 });
const calls = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ call: fc.constant('set' as const), key, bytes: fc.integer({ min: 1, max: 42 }), parts: fc.subarray(PARTS, { maxLength: 2 }) }) },
    { weight: 6, arbitrary: fc.record({ call: fc.constant('get' as const), key }) },
    { weight: 2, arbitrary: fc.record({ call: fc.constant('delete' as const), key }) },
    { weight: 1, arbitrary: fc.constant({ call: 'evict' as const }) },
    { weight: 1, arbitrary: fc.constant({ call: 'clear' as const }) },
  ),
  { maxLength: 80 },
);

describe.each(POLICY_NAMES)('%s', (policy) => {
  test('law: for every series of calls, the bytes are those of all entries, and of each of the parts that they have, once; within the bound; and all that left is told', () => {
    fc.assert(
      fc.property(calls, (series) => {
        const held = new Map<number, Value>();
        const left: number[] = [];
        const store = new SharingStore<number, Value, Part>({ policy, maxBytes: MAX_BYTES, maxEntries: 8, partsOf: ({ parts }) => parts, weighPart: (part) => part.bytes, onEvict: (gone) => left.push(gone) });
        for (const one of series) {
          left.length = 0;
          const { size } = held;
          if (one.call === 'set') {
            const value = { parts: one.parts, bytes: one.bytes };
            const isKept = store.set(one.key, value, one.bytes);
            expect(isKept).toBe(one.parts.reduce((sum, { bytes }) => sum + bytes, one.bytes) <= MAX_BYTES);
            held.set(one.key, value);
            for (const gone of left) held.delete(gone);
            if (isKept && size === 0) expect(store.peek(one.key)).toBe(value);
          } else if (one.call === 'get') {
            expect(store.get(one.key)).toBe(held.get(one.key));
          } else if (one.call === 'delete') {
            expect(store.delete(one.key)).toBe(held.delete(one.key));
          } else if (one.call === 'evict') {
            store.evict();
            expect(left).toHaveLength(Math.min(1, size));
            for (const gone of left) held.delete(gone);
          } else {
            store.clear();
            held.clear();
          }
          expect(new Map(store.entries())).toEqual(held);
          const parts = new Set([...held.values()].flatMap(({ parts: its }) => its));
          expect(store.bytes).toBe([...held.values(), ...parts].reduce((sum, { bytes }) => sum + bytes, 0));
          expect(store.bytes).toBeLessThanOrEqual(MAX_BYTES);
        }
      }),
      { numRuns: lawRuns(60) },
    );
  });
});
