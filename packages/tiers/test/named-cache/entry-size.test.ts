import { estimatedBytes } from '../../src/named-cache/entry-size';
import { NamedCache } from '../../src/named-cache/named-cache';
import { POLICY_NAMES } from '../../src/policies/policies';

const LARGE = 5_000_000;

test('a view is counted with the whole buffer it keeps alive, once a value', () => {
  const large = new ArrayBuffer(LARGE);
  const part = (at: number): Uint8Array => new Uint8Array(large, at, 10);
  expect(estimatedBytes(part(0))).toBeGreaterThan(LARGE);
  expect(estimatedBytes([part(0), part(10), part(20)])).toBeLessThan(1.01 * LARGE);
  expect(estimatedBytes(new Uint8Array(1_000))).toBeLessThan(1_300);
  expect(estimatedBytes(new Uint8Array(new SharedArrayBuffer(1_000)))).toBeGreaterThan(1_000);
});

test('small buffers that share a slab are counted with it once', () => {
  const slab = new ArrayBuffer(Buffer.poolSize);
  const bytes = Array.from({ length: 100 }, (_, at) => estimatedBytes(new Uint8Array(slab, 10 * at, 10)));
  const all = bytes.reduce((sum, one) => sum + one, 0);
  expect(all).toBeGreaterThan(Buffer.poolSize + 100 * 200);
  expect(all).toBeLessThan(Buffer.poolSize + 100 * 300);
});

test.each(POLICY_NAMES)('a cache bound by bytes takes bigints of any length, with %s', async (policy) => {
  const cache = new NamedCache('long', { policy, maxBytes: 100_000 });
  const values = Array.from({ length: 20 }, (_, digits) => 16n ** BigInt(10 + digits));
  await cache.setMany(values.map((value) => [String(value), value]));
  expect([...(await cache.getMany(values.map(String))).values()]).toEqual(values);
  expect(cache.stats().bytes).toBe(Math.round(cache.stats().bytes));
});

test('a cache bound by bytes keeps no more of large buffers alive, of which its values are views', async () => {
  const cache = new NamedCache('views', { maxBytes: 12_000_000 });
  for (let at = 0; at < 20; at += 1) await cache.set(`k${String(at)}`, Buffer.alloc(LARGE).subarray(0, 10));
  const { size, bytes } = cache.stats();
  expect(size).toBe(2);
  expect(bytes).toBeGreaterThan(2 * LARGE);
});
