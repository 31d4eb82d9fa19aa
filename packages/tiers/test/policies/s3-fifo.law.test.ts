import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { S3Fifo } from '../../src/policies/s3-fifo';

const CAPACITY = 10;

/** The algorithm as its paper writes it, on plain arrays, for entries of equal size. */
class Plain {
  readonly trial: string[] = [];
  readonly main: string[] = [];
  readonly ghosts: string[] = [];
  readonly uses = new Map<string, number>();

  access(key: string): boolean {
    if (this.uses.has(key)) {
      this.uses.set(key, Math.min(3, (this.uses.get(key) ?? 0) + 1));
      return true;
    }
    const ghost = this.ghosts.indexOf(key);
    if (ghost >= 0) this.ghosts.splice(ghost, 1);
    (ghost >= 0 ? this.main : this.trial).push(key);
    this.uses.set(key, 0);
    if (this.uses.size > CAPACITY) this.evict();
    return false;
  }

  evict(): void {
    while (this.uses.size > CAPACITY) {
      if (this.trial.length >= CAPACITY * 0.1 || this.main.length === 0) {
        const key = this.trial.shift() ?? '';
        if ((this.uses.get(key) ?? 0) > 1) {
          this.uses.set(key, 0);
          this.main.push(key);
          continue;
        }
        this.ghosts.push(key);
        while (this.ghosts.length > CAPACITY + 1) this.ghosts.shift();
        this.uses.delete(key);
        continue;
      }
      const key = this.main.shift() ?? '';
      const uses = this.uses.get(key) ?? 0;
      if (uses === 0) {
        this.uses.delete(key);
        continue;
      }
      this.uses.set(key, uses - 1);
      this.main.push(key);
    }
  }
}

test('law: for every series of uses, it holds what the plain algorithm holds', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 25 }).map(String), { maxLength: 400 }), (keys) => {
      const plain = new Plain();
      const store = new S3Fifo<string, string>({ maxEntries: CAPACITY });
      for (const key of keys) {
        const isHit = store.get(key) !== undefined;
        if (!isHit) store.set(key, key);
        expect(isHit).toBe(plain.access(key));
        expect(new Set([...store.entries()].map(([held]) => held))).toEqual(new Set(plain.uses.keys()));
      }
    }),
    { numRuns: lawRuns(60) },
  );
});
