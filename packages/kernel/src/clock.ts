/** Where time comes from, so that tests need not wait. */
export interface Clock {
  /** Milliseconds that only grow; not a time of day. */
  now(): number;
}

/** The process's monotonic clock. */
export const systemClock: Clock = { now: () => performance.now() };

/** A clock that moves when told to. */
export class ManualClock implements Clock {
  #nowMs = 0;

  now(): number {
    return this.#nowMs;
  }

  /** @param ms - how far to move; negative values are refused because time only grows */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError('ManualClock.advance: time only grows; give a number of milliseconds ≥ 0.');
    this.#nowMs += ms;
  }
}
