import type { Isolation, RungStats } from '@ormolu/kernel';
import { StorageRung } from '@ormolu/storage';
import { LocalCache, LocalRung } from '@ormolu/tiers';
import * as fc from 'fast-check';

/** The levels a transaction may have. */
export const isolations: fc.Arbitrary<Isolation> = fc.constantFrom('read committed', 'repeatable read', 'serializable');

/** A local rung over storage, too small for everything: it stays while scripts come and go, so that what earlier ones left is always in the way. */
export function localRung(): { readonly rung: LocalRung; readonly hits: () => number } {
  const rung = new LocalRung(new StorageRung(), new LocalCache({ maxEntries: 12 }));
  return { rung, hits: () => rung.stats().reduce((sum, { hits }: RungStats) => sum + hits, 0) };
}
