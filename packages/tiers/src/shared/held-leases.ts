import { eachInParts } from './parts';
import { AWAY } from './server-watch';
import type { SharedLevel, Stamp, ToKeep } from './shared-level';

/** What stands under a key while it is loaded, and goes when it is written. */
export interface Lease {
  readonly stamp: Stamp;
  readonly held: Uint8Array | undefined;
  /** Others that the server was to put in its place, of which it has not said whether it did: the last one first. */
  readonly perhaps?: readonly Uint8Array[];
  /** The server did not answer to it: it may be gone without anybody having written. */
  readonly isInDoubt?: boolean;
}

/** A key that this process loads. */
export interface Taken {
  readonly key: string;
  /** undefined where the server could not be told that it is loaded, or need not be. */
  readonly lease: Lease | undefined;
  /** It has no lease though the server answers: others may write and delete it, of which nothing tells. */
  readonly isAnswered?: boolean | undefined;
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
        if (to && (await exchangeHeld(this.#level, key, { lease, to, ttlMs: this.#options.heldMs }))) return { key, lease: { stamp: lease.stamp, held: to } };
      } catch (error) {
        // It went away: when it is back, the next turn tells.
        if (lease && to) return { key, lease: { ...lease, perhaps: isUnknown(error) ? [to, ...(lease.perhaps ?? [])] : lease.perhaps ?? [], isInDoubt: true } };
      }
      return one;
    });
  }
}

/** Puts something in where the lease still is, be it as it was last written or as it was to be written. @returns whether it did */
export async function exchangeHeld(level: SharedLevel, key: string, { lease: { held, perhaps = [] }, to, ttlMs }: { readonly lease: Lease; readonly to: Uint8Array; readonly ttlMs: number }): Promise<boolean> {
  for (const from of [...perhaps, held]) if (await level.exchange(key, { from, to }, ttlMs)) return true;
  return false;
}

/** Whether what failed may have been done, or still be done. */
export function isUnknown(error: unknown): boolean {
  return error !== AWAY;
}
