import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { POLICY_NAMES } from '../../src/policies/policies';
import { SharingStore } from '../../src/policies/sharing-store';

interface Value {
  readonly part: { readonly bytes: number };
  readonly bytes: number;
}

const MAX_BYTES = 40;
const PARTS = [0, 3, 7, 12, 50].map((bytes) => ({ bytes }));

const key = fc.nat({ max: 12 });
const calls = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ call: fc.constant('set' as const), key, bytes: fc.integer({ min: 1, max: 42 }), part: fc.constantFrom(...PARTS) }) },
    { weight: 6, arbitrary: fc.record({ call: fc.constant('get' as const), key }) },
    { weight: 2, arbitrary: fc.record({ call: fc.constant('delete' as const), key }) },
    { weight: 1, arbitrary: fc.constant({ call: 'evict' as const }) },
    { weight: 1, arbitrary: fc.constant({ call: 'clear' as const }) },
  ),
  { maxLength: 80 },
);

describe.each(POLICY_NAMES)('%s', (policy) => {
  test('law: for every series of calls, the bytes are those of all entries, and of each part that one of them has, once; within the bound; and all that left is told', () => {
    fc.assert(
      fc.property(calls, (series) => {
        const held = new Map<number, Value>();
        const left: number[] = [];
        const store = new SharingStore<number, Value>({ policy, maxBytes: MAX_BYTES, maxEntries: 8, partOf: ({ part }) => part, weighPart: ({ part }) => part.bytes, onEvict: (gone) => left.push(gone) });
        for (const one of series) {
          left.length = 0;
          const { size } = held;
          if (one.call === 'set') {
            const value = { part: one.part, bytes: one.bytes };
            const isKept = store.set(one.key, value, one.bytes);
            expect(isKept).toBe(one.bytes + one.part.bytes <= MAX_BYTES);
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
          const parts = new Set(Array.from(held.values(), ({ part }) => part));
          expect(store.bytes).toBe([...held.values(), ...parts].reduce((sum, { bytes }) => sum + bytes, 0));
          expect(store.bytes).toBeLessThanOrEqual(MAX_BYTES);
        }
      }),
      { numRuns: lawRuns(60) },
    );
  });
});
