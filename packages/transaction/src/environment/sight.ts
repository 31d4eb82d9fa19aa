import type { CacheLife, ColumnView } from '@ormolu/cache';

/**
 * What one environment sees of the cache until that is emptied: the columns it has met, by the index of their fields.
 *
 * Records hold on to it, and to their slot, so that a value in memory is found without asking who sees what.
 */
export class Sight {
  /** Says whether it still holds. */
  readonly life: CacheLife;
  readonly columns: (ColumnView | undefined)[] = [];

  constructor(life: CacheLife) {
    this.life = life;
  }
}

/** What is seen by who has not looked yet. */
export const NOTHING_SEEN: Sight = new Sight({ generation: -1, isCurrent: false });
