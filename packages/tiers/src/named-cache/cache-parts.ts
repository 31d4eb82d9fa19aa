import type { Clock } from '@ormolu/kernel';
import type { BusLink } from '../bus/bus-link';
import type { Happenings } from './happenings';
import type { LifetimeMs } from './lifetime';
import type { LocalLevel } from './local-level';
import type { SecondLevel } from './second-level';
import type { SingleFlight } from './single-flight';

/** What reading, loading, keeping and forgetting in one named cache work on. */
export interface CacheParts {
  /** Of the cache. */
  readonly name: string;
  readonly clock: Clock;
  /** Between 0 and 1, for jitter. */
  readonly random: () => number;
  /** Of entries that say nothing else. */
  readonly lifetime: LifetimeMs;
  readonly local: LocalLevel;
  readonly shared: SecondLevel | undefined;
  /** Set once everything that it tells of is there. */
  bus: BusLink | undefined;
  /** Loads of this process that are under way. */
  readonly flights: SingleFlight;
  readonly happenings: Happenings;
}
