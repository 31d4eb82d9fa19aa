import * as fc from 'fast-check';
import { ManualClock } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import { MemoryBackend } from '../../src/backend/memory-backend';
import { NamedCache } from '../../src/named-cache/named-cache';

type Step =
  | { readonly does: 'set'; readonly key: string; readonly value: unknown; readonly tags: readonly string[] }
  | { readonly does: 'load'; readonly key: string; readonly value: unknown }
  | { readonly does: 'read' | 'delete' | 'damage'; readonly key: string }
  | { readonly does: 'deleteByTag'; readonly tag: string }
  | { readonly does: 'clear' };

const key = fc.constantFrom('a', 'b', 'c');
const tag = fc.constantFrom('x', 'y');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('read' as const), key }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('set' as const), key, value: fc.oneof(fc.jsonValue(), fc.constant(null)), tags: fc.uniqueArray(tag) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('load' as const), key, value: fc.constantFrom(null, undefined, 7) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('delete' as const, 'damage' as const), key }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('deleteByTag' as const), tag }) },
  { weight: 1, arbitrary: fc.constant({ does: 'clear' as const }) },
);

test('law: get answers and counts as getMany of one key does, whatever others write to the server, take out of it or damage there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, keepsHere) => {
      const l2 = new MemoryBackend();
      const clock = new ManualClock();
      const made = (): NamedCache => new NamedCache('law', { l2, clock, ttl: '1h', jitter: 0, ...(keepsHere ? {} : { l1: false }) });
      const [writer, byOne, byMany] = [made(), made(), made()];
      // Whoever asks first makes the cache's mark, in a call more.
      await writer.clear();
      for (const one of steps) {
        if (one.does === 'set') await writer.set(one.key, one.value, { tags: one.tags });
        else if (one.does === 'load') await writer.getOrSet(one.key, () => one.value);
        else if (one.does === 'delete') await writer.delete(one.key);
        else if (one.does === 'damage') await l2.setMany([{ key: `ormolu:law:k:${one.key}`, value: Buffer.from('no entry'), ttlMs: 0 }]);
        else if (one.does === 'deleteByTag') await writer.deleteByTag(one.tag);
        else if (one.does === 'clear') await writer.clear();
        else expect(await byOne.get(one.key)).toEqual((await byMany.getMany([one.key])).get(one.key));
      }
      expect(byOne.stats()).toEqual(byMany.stats());
      await Promise.all([writer, byOne, byMany].map((cache) => cache.close()));
    }),
    { numRuns: lawRuns(150) },
  );
});
