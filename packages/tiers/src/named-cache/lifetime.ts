import { durationMs, MisuseError } from '@ormolu/kernel';
import type { Lifetime } from './options';

/** A lifetime with nothing left open, all in milliseconds. */
export interface LifetimeMs {
  readonly ttlMs: number;
  readonly isSliding: boolean;
  readonly jitter: number;
  readonly earlyRefresh: number;
  readonly graceMs: number;
  /** Undefined: as the ttl. */
  readonly negativeTtlMs: number | undefined;
}

const DEFAULTS: LifetimeMs = { ttlMs: 0, isSliding: false, jitter: 0.1, earlyRefresh: 1, graceMs: 0, negativeTtlMs: undefined };

/**
 * Completes a lifetime.
 *
 * @throws {MisuseError} DURATION_INVALID, or TIER_LIFETIME for a share that is none
 */
export function lifetimeMs(given: Lifetime, otherwise: LifetimeMs = DEFAULTS): LifetimeMs {
  const { ttl, sliding, jitter, earlyRefresh, grace, negativeTtl } = given;
  // Nothing is said, mostly: all that is kept so shares one.
  if (ttl === undefined && sliding === undefined && jitter === undefined && earlyRefresh === undefined && grace === undefined && negativeTtl === undefined) return otherwise;
  return {
    ttlMs: ttl === undefined ? otherwise.ttlMs : durationMs(ttl, 'ttl'),
    isSliding: sliding ?? otherwise.isSliding,
    jitter: share('jitter', jitter ?? otherwise.jitter),
    earlyRefresh: share('earlyRefresh', earlyRefresh ?? otherwise.earlyRefresh),
    graceMs: grace === undefined ? otherwise.graceMs : durationMs(grace, 'grace'),
    negativeTtlMs: negativeTtl === undefined ? otherwise.negativeTtlMs : durationMs(negativeTtl, 'negativeTtl'),
  };
}

function share(name: string, value: number): number {
  if (value >= 0 && value <= 1) return value;
  throw new MisuseError('TIER_LIFETIME', `${name} is ${String(value)}: give a share between 0 and 1.`);
}
