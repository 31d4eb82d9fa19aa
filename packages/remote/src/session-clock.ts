import { IdleError, TooLongError } from './errors';

/** How long a session of a client may last. */
export interface SessionTimes {
  /** After so long without a call it is rolled back; absent: it is not the client's to end, and whoever has opened it does. */
  readonly idleMs: number | undefined;
  /** After so long it is rolled back, used or not; absent: nothing but idleness ends it. */
  readonly longestMs?: number | undefined;
}

/** The time of a session: when it has lain idle for too long, or been open for too long, it expires, once. */
export class SessionClock {
  readonly #times: SessionTimes;
  readonly #onExpired: () => void;
  #idle: NodeJS.Timeout | undefined;
  #longest: NodeJS.Timeout | undefined;
  #expired: IdleError | TooLongError | undefined;

  /** @param onExpired - told once */
  constructor(times: SessionTimes, onExpired: () => void) {
    this.#times = times;
    this.#onExpired = onExpired;
  }

  /** Why nothing more is done for it; undefined: its time is not up. */
  get expired(): IdleError | TooLongError | undefined {
    return this.#expired;
  }

  /** The transaction has begun. */
  begin(): void {
    const { longestMs } = this.#times;
    if (longestMs === undefined) return;
    this.#longest = setTimeout(() => { this.#expire(new TooLongError(longestMs)); }, longestMs).unref();
  }

  /** A call has come. */
  wake(): void {
    if (!this.#expired) clearTimeout(this.#idle);
  }

  /** No call is being done. */
  rest(): void {
    const { idleMs } = this.#times;
    if (idleMs === undefined || this.#expired) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => { this.#expire(new IdleError(idleMs)); }, idleMs).unref();
  }

  /** Does what is left to do once whoever comes back late has had time to. */
  linger(end: () => void): void {
    this.#idle = setTimeout(end, this.#times.idleMs).unref();
  }

  /** The session is over. */
  stop(): void {
    clearTimeout(this.#idle);
    clearTimeout(this.#longest);
  }

  #expire(error: IdleError | TooLongError): void {
    this.stop();
    this.#expired = error;
    this.#onExpired();
  }
}
