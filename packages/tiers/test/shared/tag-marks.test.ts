import type { BackendEntry } from '../../src/backend/backend';
import { MemoryBackend } from '../../src/backend/memory-backend';
import { NamedCache } from '../../src/named-cache/named-cache';

/** Tells how many of its answers were waited for at a time. */
class CountingBackend extends MemoryBackend {
  mostAdds = 0;
  #adds = 0;

  override async add(entry: BackendEntry): Promise<boolean> {
    this.#adds += 1;
    this.mostAdds = Math.max(this.mostAdds, this.#adds);
    await new Promise(setImmediate);
    this.#adds -= 1;
    return super.add(entry);
  }
}

test('marks of tags that nobody has seen are made side by side, not with a round trip for each', async () => {
  const backend = new CountingBackend();
  const cache = new NamedCache('pages', { l2: backend, l1: false, ttl: '1h', deadline: '10s' });
  const tags = Array.from({ length: 100 }, (_, at) => `tag ${String(at)}`);
  await cache.set('page', 'all of them', { tags });
  expect(backend.mostAdds).toBe(tags.length);
  expect(await cache.get('page')).toBe('all of them');
  await cache.deleteByTag('tag 57');
  expect(await cache.get('page')).toBeUndefined();
  await cache.close();
});
