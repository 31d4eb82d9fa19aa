import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import type { BackendEntry } from '../../src/backend/backend';
import { MemoryBackend } from '../../src/backend/memory-backend';
import { NamedCache } from '../../src/named-cache/named-cache';
import { LateError } from '../../src/shared/deadlines';
import { PacedCalls } from '../../src/shared/paced-calls';

/** Tells how much of what was asked was under way at a time. */
class CountingBackend extends MemoryBackend {
  mostKeys = 0;
  mostBytes = 0;
  calls = 0;
  isSilent = false;
  #keys = 0;
  #bytes = 0;

  override async setMany(entries: readonly BackendEntry[]): Promise<void> {
    await this.#underWay(entries.length, entries.reduce((sum, { value }) => sum + value.byteLength, 0));
    return super.setMany(entries);
  }

  override async deleteMany(keys: readonly string[]): Promise<number> {
    await this.#underWay(keys.length, 0);
    return super.deleteMany(keys);
  }

  async #underWay(keys: number, bytes: number): Promise<void> {
    this.calls += 1;
    this.#keys += keys;
    this.#bytes += bytes;
    this.mostKeys = Math.max(this.mostKeys, this.#keys);
    this.mostBytes = Math.max(this.mostBytes, this.#bytes);
    await new Promise<void>((resolve) => {
      if (!this.isSilent) setImmediate(resolve);
    });
    this.#keys -= keys;
    this.#bytes -= bytes;
  }
}

const keys = Array.from({ length: 3_000 }, (_, at) => `key:${String(at)}`);

async function paced(deadline: '10s' | '40ms'): Promise<NamedCache> {
  const made = new NamedCache('paced', { l2: backend, l1: false, ttl: '1h', deadline, breakAfter: 10 });
  await made.set('the first', 1);
  return made;
}

let backend: CountingBackend;
let cache: NamedCache;
beforeEach(async () => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  backend = new CountingBackend();
  cache = await paced('10s');
});
afterEach(async () => {
  await cache.close();
  jest.restoreAllMocks();
});

test('of thousands that are written at once, each by a call of its own, a thousand are under way at a time', async () => {
  await Promise.all(keys.map((key) => cache.set(key, key)));
  expect(backend.mostKeys).toBeGreaterThan(500);
  expect(backend.mostKeys).toBeLessThanOrEqual(1_000);
  expect((await cache.getMany(keys)).size).toBe(keys.length);
  await Promise.all(keys.map((key) => cache.delete(key)));
  expect(backend.mostKeys).toBeLessThanOrEqual(1_000);
  expect((await cache.getMany(keys)).size).toBe(0);
});

test('of large values, a megabyte is under way at a time, and what is larger alone', async () => {
  await Promise.all(keys.slice(0, 100).map((key) => cache.set(key, 'x'.repeat(100_000))));
  expect(backend.mostBytes).toBeGreaterThan(500_000);
  expect(backend.mostBytes).toBeLessThan(1_100_000);
  await Promise.all(keys.slice(0, 3).map((key) => cache.set(key, 'x'.repeat(3_000_000))));
  expect(backend.mostBytes).toBeGreaterThan(3_000_000);
  expect(backend.mostBytes).toBeLessThan(3_100_000);
  expect(cache.stats().shared).toMatchObject({ failures: 0, refused: 0 });
});

test('what is larger than all goes when nobody is under way, whatever the others weighed and in whatever order they went', async () => {
  for (let round = 0; round < 60; round += 1) {
    await Promise.all(Array.from({ length: 20 }, (_, at) => cache.set(`small:${String(at)}`, 'x'.repeat(1 + ((at * 7919 + round * 104729) % 40_000)))));
    await cache.set('large', 'x'.repeat(2_000_000));
  }
  expect(cache.stats().shared).toMatchObject({ failures: 0, refused: 0 });
});

test('law: what is larger than all goes when all others have left, whatever they weighed, in whatever order they went, and who was late among them', () => fc.assert(fc.asyncProperty(
  fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 400_000 }), isRead: fc.boolean(), turn: fc.nat(9), isLate: fc.boolean() }), { minLength: 2, maxLength: 30 }),
  async (others) => {
    const calls = new PacedCalls(new MemoryBackend(), 60_000);
    const turns = Array.from({ length: 10 }, (): (() => void)[] => []);
    let left = others.length;
    for (const { bytes, isRead, turn, isLate } of others) {
      calls.note(bytes, 1);
      const call = async (): Promise<void> => {
        await new Promise<void>((resolve) => turns[turn]?.push(resolve));
        if (isLate) throw new LateError(1);
      };
      const end = (): void => {
        left -= 1;
      };
      calls.run(isRead ? { name: 'getMany', keys: 1 } : { name: 'setMany', keys: 1, bytes }, call, new Error('silent')).then(end, end);
    }
    while (left > 0) {
      for (const turn of turns) for (const go of turn.splice(0)) go();
      await new Promise(setImmediate);
    }
    const large = calls.run({ name: 'setMany', keys: 1, bytes: 5_000_000 }, () => Promise.resolve('went'), new Error('silent'));
    expect(await Promise.race([large, new Promise((resolve) => setImmediate(() => resolve('waits')))])).toBe('went');
  },
), { numRuns: lawRuns(100) }));

test('when one is late, those that wait for their turn are not sent, and nobody waits for a deadline each', async () => {
  await cache.close();
  cache = await paced('40ms');
  backend.isSilent = true;
  const { calls } = backend;
  await Promise.all(keys.map((key) => cache.delete(key)));
  // And a look or two whether it is there again.
  expect(backend.calls - calls).toBeLessThanOrEqual(1_010);
  expect(cache.stats().shared).toMatchObject({ isUp: false, unsure: keys.length });
});
