import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { MemoryBackend } from '../../src/backend/memory-backend';
import { Ring, type RingNode } from '../../src/backend/ring';

const KEYS = Array.from({ length: 2_000 }, (_, at) => `key:${String(at)}`);
const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 2, maxLength: 6 });

function ringOf(all: readonly string[]): Ring {
  const [first, ...others] = all.map((name): RingNode => ({ name, backend: new MemoryBackend() }));
  if (!first) throw new Error('a ring has a server');
  return new Ring([first, ...others]);
}

test('law: of however many servers, one that is added takes keys from the others and moves none between them; each has a share', () => {
  fc.assert(
    fc.property(names, (all) => {
      const [before, behind] = [ringOf(all.slice(0, -1)), ringOf(all)];
      const shares = all.map(() => 0);
      let moved = 0;
      for (const key of KEYS) {
        const now = behind.nodeOf(key);
        shares[now] = (shares[now] ?? 0) + 1;
        if (now < all.length - 1 && now !== before.nodeOf(key)) moved += 1;
      }
      expect(moved).toBe(0);
      for (const share of shares) expect(share).toBeGreaterThan(KEYS.length / all.length / 2);
    }),
    { numRuns: lawRuns(30) },
  );
});
