import { parseSnapshot } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { LocalCommands } from '../../src/local/local-commands';
import { LocalRecords } from '../../src/local/local-records';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { EvictionReason } from '../../src/policies/bounded-store';
import { POLICY_NAMES, storeWith, type PolicyName } from '../../src/policies/policies';

interface Held {
  readonly key: number;
  readonly bytes: number;
  uses: number;
}

type Left = readonly [number, EvictionReason];

const MAX_ENTRIES = 5;
const MAX_BYTES = 30;

/** A store as its policy is told in words: all entries in one list, in which the first is the next to leave. */
abstract class Plain {
  readonly left: Left[] = [];
  held: Held[] = [];
  /** Where the one stood that was taken out last. */
  protected at = -1;

  get(key: number): void {
    const one = this.take(key);
    if (one) this.used(one);
  }

  set(key: number, bytes: number): void {
    const before = this.take(key);
    if (bytes > MAX_BYTES) {
      this.left.push([key, 'too large']);
      return;
    }
    while (this.held.length + 1 > MAX_ENTRIES || this.held.reduce((sum, one) => sum + one.bytes, bytes) > MAX_BYTES) this.evict();
    this.came({ key, bytes, uses: 1 + (before?.uses ?? 0) });
  }

  delete(key: number): void {
    this.take(key);
  }

  evict(): void {
    const first = this.held.shift();
    if (first) this.left.push([first.key, 'bound']);
  }

  clear(): void {
    this.held = [];
  }

  /** Puts in one that is not in the list, where it belongs. */
  protected came(one: Held): void {
    this.held.push(one);
  }

  protected abstract used(one: Held): void;

  protected take(key: number): Held | undefined {
    this.at = this.held.findIndex((each) => each.key === key);
    return this.at < 0 ? undefined : this.held.splice(this.at, 1)[0];
  }
}

/** Who was used longest ago. */
class PlainLru extends Plain {
  protected used(one: Held): void {
    this.held.push(one);
  }
}

/** Who was used least; of several, who came to that first. At most 255 uses are counted, and every ten uses an entry, of sixteen at least, all counts are halved. */
class PlainLfu extends Plain {
  private usesSinceHalving = 0;

  override clear(): void {
    super.clear();
    this.usesSinceHalving = 0;
  }

  protected override came(one: Held): void {
    one.uses = Math.min(one.uses, 255);
    const isBehind = this.held.findIndex(({ uses }) => uses > one.uses);
    this.held.splice(isBehind < 0 ? this.held.length : isBehind, 0, one);
  }

  protected used(one: Held): void {
    // What can be counted no higher stays where it is among its like: all that is known is who came to it first.
    if (one.uses === 255) this.held.splice(this.at, 0, one);
    else this.came(Object.assign(one, { uses: one.uses + 1 }));
    this.usesSinceHalving += 1;
    if (this.usesSinceHalving < 10 * Math.max(16, this.held.length)) return;
    this.usesSinceHalving = 0;
    for (const each of this.held) each.uses = Math.max(1, Math.floor(each.uses / 2));
  }
}

/** Who came first. */
class PlainFifo extends Plain {
  protected used(one: Held): void {
    this.held.splice(this.at, 0, one);
  }
}

const PLAIN = { lru: PlainLru, lfu: PlainLfu, ttl: PlainFifo } as const;

const key = fc.nat({ max: 8 });
const calls = fc.array(
  fc.oneof(
    { weight: 7, arbitrary: fc.record({ call: fc.constant('set' as const), key, bytes: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 1, arbitrary: fc.record({ call: fc.constant('set' as const), key, bytes: fc.integer({ min: 20, max: 33 }) }) },
    { weight: 8, arbitrary: fc.record({ call: fc.constant('get' as const), key, times: fc.integer({ min: 1, max: 5 }) }) },
    // Enough of them for counts that are halved.
    { weight: 6, arbitrary: fc.record({ call: fc.constant('get' as const), key, times: fc.integer({ min: 20, max: 200 }) }) },
    { weight: 2, arbitrary: fc.record({ call: fc.constant('delete' as const), key }) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 19 }).map((at) => ({ call: at === 0 ? 'clear' as const : 'evict' as const })) },
  ),
  { maxLength: 100, size: 'max' },
);

test.each(['lru', 'lfu', 'ttl'] as const)('law: for every series of calls, those leave a store with %s, in that order, whom the policy told in words sends away', (policy) => {
  fc.assert(
    fc.property(calls, (series) => {
      const left: Left[] = [];
      const store = storeWith<number, string>(policy, { maxEntries: MAX_ENTRIES, maxBytes: MAX_BYTES, onEvict: (gone, _, reason) => left.push([gone, reason]) });
      const plain = new PLAIN[policy]();
      for (const one of series) {
        // Whoever looks, and does not use, changes nothing.
        for (const { key: each } of plain.held) store.peek(each);
        if (one.call === 'set') {
          store.set(one.key, '', one.bytes);
          plain.set(one.key, one.bytes);
        } else if (one.call === 'get') {
          for (let time = 0; time < one.times; time += 1) {
            store.get(one.key);
            plain.get(one.key);
          }
        } else if (one.call === 'delete') {
          store.delete(one.key);
          plain.delete(one.key);
        } else {
          store[one.call]();
          plain[one.call]();
        }
        if (left.length !== plain.left.length) expect(left).toEqual(plain.left);
      }
      // And all who are left, one by one.
      for (let at = 0; at <= MAX_ENTRIES; at += 1) {
        store.evict();
        plain.evict();
      }
      expect(left).toEqual(plain.left);
    }),
    { numRuns: lawRuns(400) },
  );
});

/** What keeps entries by a policy, as programs choose it. */
interface Keeper {
  readonly set: (key: string) => unknown;
  readonly get: (key: string) => unknown;
  /** Whether it is there; no use. */
  readonly has: (key: string) => boolean;
}

const stamp = { snapshot: parseSnapshot('10:10:')!, epoch: 'e' };
const BOUNDS = { maxEntries: 4 };

const KEEPERS: Readonly<Record<string, (policy: PolicyName | undefined) => Keeper>> = {
  'a named cache': (policy) => ofCache(new NamedCache('by policy', { ...BOUNDS, policy })),
  'the memory of a named cache': (policy) => ofCache(new NamedCache('by policy', { l1: { ...BOUNDS, policy } })),
  'the records of a process': (policy) => {
    const records = new LocalRecords({ ...BOUNDS, policy });
    return {
      set: (id) => records.put('m', ['x'], { stamp, rows: [[id, [1]]], takesOver: () => 'replace' }),
      get: (id) => records.get('m', id),
      has: (id) => records.peek('m', id) !== undefined,
    };
  },
  'the answers of a process': (policy) => {
    const answers = new LocalCommands({ ...BOUNDS, policy });
    return {
      set: (query) => answers.put(query, { stamp, answer: [1], askedAtMs: 0, tags: [] }, { ms: 1, results: 1 }),
      get: (query) => answers.get(query),
      has: (query) => answers.peek(query) !== undefined,
    };
  },
};

function ofCache(cache: NamedCache): Keeper {
  const left = new Set<string>();
  cache.on('remove', ({ key: gone }) => left.add(gone));
  return { set: (name) => cache.set(name, 1), get: (name) => cache.get(name), has: (name) => !left.has(name) };
}

test.each(Object.keys(KEEPERS).flatMap((name) => [...POLICY_NAMES, undefined].map((policy) => [name, policy] as const)))('from %s with policy %s leaves whom it sends away', async (name, policy) => {
  const keeper = KEEPERS[name]?.(policy) as Keeper; // the names are theirs
  const used = ['lru', 'lru', 'lru', 'ttl', 'ttl', 'ttl', 's3fifo'];
  for (const one of ['ttl', 's3fifo', 'lru']) await keeper.set(one);
  for (const one of used) await keeper.get(one);
  for (const one of ['lfu', 'one more']) await keeper.set(one);
  // Each is named by the policy that lets it go.
  expect(POLICY_NAMES.filter((one) => !keeper.has(one))).toEqual([policy ?? 's3fifo']);
});
