import { eachInParts } from './parts';
import type { SharedLevel, Stamp, ToKeep } from './shared-level';

/** A key that this process loads. */
export interface Taken {
  readonly key: string;
  /** What is there of it, which goes when it is written; undefined where the server could not be told that it is loaded. */
  readonly lease: { readonly stamp: Stamp; readonly held: Uint8Array | undefined; /** The server did not answer to it: it may be gone without anybody having written. */ readonly isInDoubt?: boolean } | undefined;
}

/** How leases are kept alive. */
export interface HeldLeasesOptions {
  readonly everyMs: number;
  /** A loader that takes longer no longer keeps others from loading. */
  readonly longestMs: number;
  /** How long each stays on the server. */
  readonly heldMs: number;
  /** A lease that differs from those before: that it changes is how others see that its holder lives. */
  readonly next: (turn: number) => Omit<ToKeep, 'key'>;
}

/** The leases of one load, renewed together for as long as it takes. */
export class HeldLeases {
  readonly #level: SharedLevel;
  readonly #options: HeldLeasesOptions;
  readonly #timer: NodeJS.Timeout;
  #taken: readonly Taken[];
  #renewal: Promise<unknown> = Promise.resolve();

  constructor(level: SharedLevel, taken: readonly Taken[], options: HeldLeasesOptions) {
    this.#level = level;
    this.#taken = taken;
    this.#options = options;
    const began = performance.now();
    let turn = 0;
    this.#timer = setInterval(() => {
      if (performance.now() - began > options.longestMs) return;
      const lease = options.next((turn += 1));
      this.#renewal = this.#renewal.then(() => this.#renew(lease));
    }, options.everyMs);
    this.#timer.unref();
  }

  /** @returns the keys, with what is held of them now */
  async end(): Promise<readonly Taken[]> {
    clearInterval(this.#timer);
    await this.#renewal;
    return this.#taken;
  }

  async #renew(next: Omit<ToKeep, 'key'>): Promise<void> {
    this.#taken = await eachInParts(this.#taken, async (one) => {
      const { key, lease } = one;
      const to = lease && this.#level.bytesOf({ ...next, key }, lease.stamp);
      try {
        if (to && (await this.#level.exchange(key, { from: lease.held, to }, this.#options.heldMs))) return { key, lease: { stamp: lease.stamp, held: to } };
      } catch {
        // It went away: when it is back, the next turn tells.
        if (lease) return { key, lease: { ...lease, isInDoubt: true } };
      }
      return one;
    });
  }
}
