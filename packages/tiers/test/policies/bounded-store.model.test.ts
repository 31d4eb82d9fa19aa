import * as fc from 'fast-check';
import { MisuseError } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import type { BoundedStore, BoundedStoreOptions } from '../../src/policies/bounded-store';
import { POLICY_NAMES, storeWith, type PolicyName } from '../../src/policies/policies';

type Store = BoundedStore<number, string>;

/** What a store must be whatever its policy: a map some of whose entries have left, each of which it told of. */
interface Model {
  readonly held: Map<number, { readonly value: string; readonly bytes: number }>;
  readonly evicted: (readonly [number, string])[];
}

const MAX_ENTRIES = 6;
const MAX_BYTES = 20;

const key = fc.nat({ max: 12 });
const commands = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ call: fc.constant('set' as const), key, bytes: fc.integer({ min: 0, max: 22 }) }) },
    { weight: 6, arbitrary: fc.record({ call: fc.constant('get' as const), key }) },
    { weight: 2, arbitrary: fc.record({ call: fc.constant('delete' as const), key }) },
    { weight: 1, arbitrary: fc.constant({ call: 'clear' as const }) },
  ),
  { maxLength: 80 },
);

describe.each(POLICY_NAMES)('%s', (policy: PolicyName) => {
  test('law: for every series of calls, it is a map within its bounds that tells of all that left', () => {
    fc.assert(
      fc.property(commands, (calls) => {
        const model: Model = { held: new Map(), evicted: [] };
        const store = made(policy, { maxEntries: MAX_ENTRIES, maxBytes: MAX_BYTES, onEvict: (left, value) => model.evicted.push([left, value]) });
        calls.forEach((one, at) => {
          model.evicted.length = 0;
          if (one.call === 'set') {
            const value = `v${String(at)}`;
            const isKept = store.set(one.key, value, one.bytes);
            expect(isKept).toBe(one.bytes <= MAX_BYTES);
            const before = model.held.get(one.key);
            model.held.delete(one.key);
            if (isKept) model.held.set(one.key, { value, bytes: one.bytes });
            for (const [left, was] of model.evicted) {
              expect([model.held.get(left)?.value, before?.value, value]).toContain(was);
              model.held.delete(left);
            }
          } else if (one.call === 'get') {
            expect(store.peek(one.key)).toBe(model.held.get(one.key)?.value);
            expect(store.get(one.key)).toBe(model.held.get(one.key)?.value);
          } else if (one.call === 'delete') {
            expect(store.delete(one.key)).toBe(model.held.delete(one.key));
          } else {
            store.clear();
            model.held.clear();
          }
          expectSame(store, model);
        });
      }),
      { numRuns: lawRuns(60) },
    );
  });

  test('a store that is only filled and emptied again does not grow', () => {
    const store = made(policy, { maxEntries: 1_000 });
    for (let at = 0; at < 20_000; at += 1) {
      store.set(at, 'x');
      store.delete(at);
    }
    expect([store.size, store.bytes, [...store.entries()]]).toEqual([0, 0, []]);
  });

  test.each([{}, { maxEntries: 0 }, { maxEntries: 1.5 }, { maxBytes: -1 }, { maxEntries: NaN }])('bounds that are none are refused: %j', (bounds) => {
    expect(() => made(policy, bounds)).toThrow(MisuseError);
  });
});

test('a policy that does not exist is refused with those that do', () => {
  expect(() => made('lrru' as PolicyName, { maxEntries: 1 })).toThrow(/no policy "lrru". Give 's3fifo', 'lru', 'lfu', 'ttl'/);
});

function made(policy: PolicyName, options: BoundedStoreOptions<number, string>): Store {
  return storeWith<number, string>(policy, options);
}

function expectSame(store: Store, { held }: Model): void {
  // One comparison a step: a matcher costs more than the step.
  const isSame = store.size === held.size && [...store.entries()].every(([one, value]) => held.get(one)?.value === value);
  if (!isSame) expect(new Map(store.entries())).toEqual(new Map([...held].map(([one, { value }]) => [one, value])));
  if (store.size > MAX_ENTRIES || store.bytes > MAX_BYTES) throw new Error(`${String(store.size)} entries of ${String(store.bytes)} bytes are beyond the bounds`);
}
