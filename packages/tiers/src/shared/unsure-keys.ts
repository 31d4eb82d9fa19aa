import type { Backend } from '../backend/backend';
import { UnreachedError } from '../backend/unreached-error';
import { eachInParts } from './parts';

/** How what has to be mended is mended. */
export interface Mending {
  /** Each call has a deadline of its own. */
  readonly within: <T>(call: Promise<T>) => Promise<T>;
  /** Says on the server that whatever it holds must not be believed any more. */
  readonly forget: () => Promise<void>;
}

/** What may be under a key, of which nobody has any use. */
export interface Abandoned {
  /** One of these, if any. */
  readonly each: readonly Uint8Array[];
  /** What is put in its place: whoever reads it takes it for none. */
  readonly by: Uint8Array;
}

const DELETES_A_CALL = 500;

/**
 * The keys of one server of which nobody knows what is there, because a write failed: it leaves the old value, and one that was late may still arrive. They are taken out
 * before they are read again. When they are too many, all that the server holds is given up instead.
 */
export class UnsureKeys {
  readonly #most: number;
  /** Each with the failure it was last concerned by: failures are numbered. */
  readonly #keys = new Map<string, number>();
  /** What is taken out where it is still there, and nothing else. */
  readonly #abandoned = new Map<string, Abandoned>();
  #mustForget = false;
  /** How many times that was found. */
  #doubts = 0;
  #failures = 0;
  /** The last write that was late, and the last of which it is known that it arrives no more. Should the connection be given up, those between may arrive after what the next one writes. */
  #lastLate = 0;
  #settled = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** All that the server holds is in doubt. */
  get mustForget(): boolean {
    return this.#mustForget;
  }

  get areAny(): boolean {
    return this.#keys.size > 0 || this.#mustForget;
  }

  /** Something is to be mended, whether or not anybody may have read what is wrong. */
  get areWaiting(): boolean {
    return this.areAny || this.#abandoned.size > 0 || this.#lastLate > this.#settled;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** A write of these failed. */
  failed(keys: readonly string[], isLate: boolean): void {
    this.#failures += 1;
    if (isLate) this.#lastLate = this.#failures;
    for (const key of keys) this.#keys.set(key, this.#failures);
    if (this.#keys.size > this.#most) this.#forgetAll();
  }

  /** It is taken out, and nothing else. Where there are too many, the oldest are left to their lifetimes. */
  abandoned(key: string, { each, by }: Abandoned): void {
    this.#abandoned.set(key, { each: [...(this.#abandoned.get(key)?.each ?? []), ...each], by });
    const [oldest] = this.#abandoned.keys();
    if (oldest !== undefined && this.#abandoned.size > this.#most) this.#abandoned.delete(oldest);
  }

  /** A later write of a key on the same connection leaves nothing of an earlier one. */
  overwritten(keys: readonly string[]): void {
    if (this.#keys.size > 0) for (const key of keys) this.#keys.delete(key);
  }

  /** What the server holds may be of long ago. */
  giveUp(): void {
    this.#doubt();
  }

  /** The connection is gone, and another will be made. */
  connectionLost(): void {
    if (this.#lastLate > this.#settled) this.#doubt();
    this.#settled = this.#failures;
  }

  /** Takes out what is there. Fails where the server cannot be told; keys that alone cannot be reached are left for the next time. What is written in vain meanwhile may arrive behind it, and is left for the next time. */
  async mend(backend: Backend, { within, forget }: Mending): Promise<void> {
    const known = this.#failures;
    if (this.#mustForget) {
      const doubts = this.#doubts;
      await within(forget());
      if (this.#doubts === doubts) this.#mustForget = false;
      for (const [key, failure] of this.#keys) if (failure <= known) this.#keys.delete(key);
    }
    const all = [...this.#keys];
    for (let from = 0; from < all.length; from += DELETES_A_CALL) {
      // Those that have been written meanwhile are sure again.
      const some = all.slice(from, from + DELETES_A_CALL).filter(([key, failure]) => this.#keys.get(key) === failure);
      const unreached = await unreachedBy(some.length > 0 && within(backend.deleteMany(some.map(([key]) => key))));
      for (const [key, failure] of some) if (!unreached.has(key) && this.#keys.get(key) === failure) this.#keys.delete(key);
    }
    await eachInParts([...this.#abandoned], async ([key, one]) => {
      const unreached = await unreachedBy((async () => {
        for (const expected of one.each) if (await within(backend.replace({ key, value: one.by, ttlMs: 1 }, expected))) break;
      })());
      if (!unreached.has(key) && this.#abandoned.get(key) === one) this.#abandoned.delete(key);
    });
    this.#settled = Math.max(this.#settled, known);
  }

  #forgetAll(): void {
    this.#keys.clear();
    this.#doubt();
  }

  #doubt(): void {
    this.#mustForget = true;
    this.#doubts += 1;
  }
}

const NONE: ReadonlySet<string> = new Set();

/** The keys of a call that alone were not reached by it. */
async function unreachedBy(call: Promise<unknown> | false): Promise<ReadonlySet<string>> {
  try {
    await call;
    return NONE;
  } catch (error) {
    if (error instanceof UnreachedError) return new Set(error.keys);
    throw error;
  }
}
