import { OutageError } from '@ormolu/kernel';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SharedEntry } from './entry-form';
import type { Found, SharedLevel, Stamp, ToKeep } from './shared-level';

/** What is to be loaded, and how it is kept. */
export interface LoadWork {
  readonly key: string;
  readonly tags: readonly string[];
  readonly load: () => Promise<unknown>;
  /** @returns undefined for what is not kept */
  readonly keep: (value: unknown) => ToKeep | undefined;
}

/** What came of it. */
export type Loaded =
  | { readonly from: 'server'; readonly entry: SharedEntry }
  /** `isCurrent`: nobody wrote or deleted the key while it was loaded, as far as can be known. */
  | { readonly from: 'loader'; readonly value: unknown; readonly isCurrent: boolean };

const FIRST_LOOK_MS = 4;
const LAST_LOOK_MS = 50;
/** A loader that takes longer no longer keeps others from loading. */
const LONGEST_MS = 60_000;

/**
 * One load a key among all processes: whoever gets to write his lease under the key loads it, the others look again until there is a
 * value or the lease stands still.
 *
 * The lease lies where the value will: whoever writes or deletes the key meanwhile takes it away, and what was loaded is then not kept,
 * for it may be older than that. A loader's failure stands in its place for as long as a lease: it is everybody's.
 * @see Nishtala et al., "Scaling Memcache at Facebook" (2013), 3.2.1
 */
export class LeasedLoads {
  readonly #level: SharedLevel;
  readonly #leaseMs: number;
  readonly #calendar: { now(): number };

  constructor(level: SharedLevel, { leaseMs, calendar }: { readonly leaseMs: number; readonly calendar: { now(): number } }) {
    this.#level = level;
    this.#leaseMs = leaseMs;
    this.#calendar = calendar;
  }

  /** @throws {OutageError} TIER_LOAD_FAILED when the loader of another process failed; {unknown} what this one's threw */
  async get(work: LoadWork): Promise<Loaded> {
    let standing: { readonly bytes: Uint8Array; readonly sinceMs: number } | undefined;
    let lookMs = FIRST_LOOK_MS;
    const askedMs = this.#calendar.now();
    for (const began = performance.now(); performance.now() - began < LONGEST_MS;) {
      let taken: { readonly lease: () => ToKeep; readonly stamp: Stamp; readonly held: Uint8Array } | undefined;
      try {
        const [found] = await this.#level.find([work.key], work.tags, askedMs);
        if (!found) break;
        const { entry, bytes } = found;
        if (entry && (entry.kind === 'value' || entry.kind === 'absent')) return { from: 'server', entry };
        if (entry?.kind === 'failure') throw failed(work.key, entry);
        if (entry?.kind === 'lease' && bytes) {
          // By our own clock, and not by what the holder's says: it lives as long as it changes.
          if (!standing || Buffer.compare(standing.bytes, bytes) !== 0) standing = { bytes, sinceMs: performance.now() };
          if (performance.now() - standing.sinceMs < this.#leaseMs) {
            await sleep(lookMs);
            lookMs = Math.min(1.5 * lookMs, LAST_LOOK_MS, this.#leaseMs / 4);
            continue;
          }
        }
        const lease = this.#lease();
        const to = this.#level.bytesOf(lease(), found.stamp);
        if (!to) break;
        if (await this.#level.exchange(work.key, { from: bytes, to }, this.#heldMs)) taken = { lease, stamp: found.stamp, held: to };
      } catch (error) {
        if (error instanceof OutageError && error.code === 'TIER_UNAVAILABLE') break;
        throw error;
      }
      if (taken) return this.#hold(work, taken);
    }
    return { from: 'loader', value: await work.load(), isCurrent: true };
  }

  /** A value that is there is loaded anew by one, while the others go on with it. @returns undefined when it is another who does */
  async refresh(work: LoadWork, found: Found): Promise<Loaded | undefined> {
    try {
      if (!(await this.#level.addRefresh(work.key, this.#leaseMs))) return undefined;
    } catch {
      return undefined;
    }
    const value = await work.load();
    return { from: 'loader', value, isCurrent: await this.#put(work, value, { stamp: found.stamp, from: found.bytes }) };
  }

  async #hold(work: LoadWork, { lease, stamp, held: first }: { readonly lease: () => ToKeep; readonly stamp: Stamp; readonly held: Uint8Array }): Promise<Loaded> {
    let held = first;
    let renewal: Promise<unknown> = Promise.resolve();
    const began = performance.now();
    const timer = setInterval(() => {
      const to = this.#level.bytesOf(lease(), stamp);
      if (!to || performance.now() - began > LONGEST_MS) return;
      renewal = renewal.then(async () => {
        if (await this.#level.exchange(work.key, { from: held, to }, this.#heldMs)) held = to;
      }).catch(() => undefined);
    }, this.#leaseMs / 3);
    timer.unref();
    try {
      const value = await work.load();
      clearInterval(timer);
      await renewal;
      return { from: 'loader', value, isCurrent: await this.#put(work, value, { stamp, from: held }) };
    } catch (cause) {
      clearInterval(timer);
      await renewal;
      const to = this.#level.bytesOf(this.#entry('failure', cause instanceof Error ? cause.message : 'no error', this.#leaseMs), stamp);
      if (to) await this.#level.exchange(work.key, { from: held, to }, this.#leaseMs).catch(() => undefined);
      throw cause;
    } finally {
      clearInterval(timer);
    }
  }

  /** @returns false when somebody wrote or deleted the key meanwhile */
  async #put({ key, keep }: LoadWork, value: unknown, { stamp, from }: { readonly stamp: Stamp; readonly from: Uint8Array | undefined }): Promise<boolean> {
    const kept = keep(value);
    const bytes = kept && this.#level.bytesOf(kept, stamp);
    const to = bytes ?? this.#level.bytesOf(this.#entry('nothing', '', 1), stamp);
    try {
      return to === undefined || (await this.#level.exchange(key, { from, to }, bytes ? stayMs(kept) : 1));
    } catch {
      // It went away meanwhile, and takes out what it has of the key when it is back.
      return true;
    }
  }

  /** Differs each time: that it changes is how others see that its holder lives. */
  #lease(): () => ToKeep {
    const token = randomUUID();
    let turn = 0;
    return () => this.#entry('lease', `${token} ${String((turn += 1))}`, 0);
  }

  #entry(kind: SharedEntry['kind'], value: string, ttlMs: number): ToKeep {
    return { key: '', kind, value, ttlMs, isSliding: false, tags: [], readAtMs: this.#calendar.now() };
  }

  /** On the server; others judge it long before. */
  get #heldMs(): number {
    return 3 * this.#leaseMs;
  }
}

/** Those who wait look for it now and then, and must find it: that its ttl is over, its own bytes say. */
function stayMs({ ttlMs, isSliding }: ToKeep): number {
  return isSliding || ttlMs === 0 ? ttlMs : Math.max(ttlMs, 2 * LAST_LOOK_MS);
}

function failed(key: string, { value, readAtMs }: SharedEntry): OutageError {
  return new OutageError('TIER_LOAD_FAILED', `The loader of '${key}' failed a moment ago, here or in another process; it is tried again when its lease is over. What it said stands in details.reason.`, {
    details: { reason: value, atMs: readAtMs },
  });
}
