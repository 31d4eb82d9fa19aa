import { OutageError } from '@ormolu/kernel';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SharedEntry } from './entry-form';
import { exchangeHeld, HeldLeases, isUnknown, type Lease, type Taken } from './held-leases';
import { eachInParts } from './parts';
import type { Found, SharedLevel, Stamp, ToKeep } from './shared-level';

/** What is to be loaded, how it is kept, and who is told what came of it. */
export interface LoadWork {
  /** Each once. */
  readonly keys: readonly string[];
  readonly tags: readonly string[];
  /** @returns what there is under these, some of the keys */
  readonly load: (keys: readonly string[]) => Promise<ReadonlyMap<string, unknown>>;
  /** @returns undefined for what is not kept */
  readonly keep: (key: string, value: unknown) => ToKeep | undefined;
  /** Told of each key, as soon as it is known; of one that failed, this or the other. */
  readonly done: (key: string, loaded: Loaded) => void;
  readonly failed: (key: string, cause: unknown, askedMs: number) => void;
  /** Told of each key of which the server says that nothing holds there, which may be several times. */
  readonly absent?: ((key: string) => void) | undefined;
  /** Whether somebody has come to wait for a key while it was loaded, who must be told nothing older than what others had changed before. */
  readonly isJoined?: ((key: string) => boolean) | undefined;
}

/** What came of a key. `askedMs`, by `performance.now()`, as with a failure: until then nobody had changed it unheard, as far as can be known; who has asked later may have to be told something newer. */
export type Loaded =
  | { readonly from: 'server'; readonly entry: SharedEntry; readonly askedMs: number }
  /** `isCurrent`: nobody wrote or deleted the key while it was loaded, as far as can be known. */
  | { readonly from: 'loader'; readonly value: unknown; readonly isCurrent: boolean; readonly askedMs: number };

/** A lease of another that was met: as it was seen, and since when it has not changed. */
interface Standing {
  readonly bytes: Uint8Array;
  readonly sinceMs: number;
}

/** What came of putting in what was loaded. */
interface Put {
  /** Nobody wrote or deleted the key meanwhile, as far as can be known. */
  readonly isThere: boolean;
  /** Until when nobody can have written or deleted it unheard: until the loader was called, until it was put in, or, of a server that does not answer, until now. */
  readonly until: 'call' | 'put' | 'now';
}

const FIRST_LOOK_MS = 4;
const LAST_LOOK_MS = 50;
/** Of what is not there for its own sake: at least. */
const STAY_MS = 2 * LAST_LOOK_MS;
/** Said where it was loaded and is not kept: there is nothing, it is too large, or no data. */
const UNKEPT = 'not kept';
/** A loader that takes longer no longer keeps others from loading. */
const LONGEST_MS = 60_000;

/**
 * One load a key among all processes: whoever gets to write his lease under the key loads it, the others look again until there is a
 * value or the lease stands still.
 *
 * The lease lies where the value will: whoever writes or deletes the key meanwhile takes it away, and what was loaded is then not kept,
 * for it may be older than that. A loader's failure stands in its place for as long as a lease: it is everybody's.
 *
 * Of several keys, those whose leases are got are loaded in one call, before anybody is waited for: of two who want the same keys in another order, none waits for
 * the other with a lease in his hand.
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

  /**
   * Tells of every key what came of it: TIER_LOAD_FAILED when the loader of another process failed, what this one's threw otherwise.
   *
   * @param known - what was found under the keys a moment ago; undefined where the server did not answer
   * @remarks Round trips: one to look, one for all leases, one for all values; Memcached takes two for what replaces something.
   */
  async run(work: LoadWork, known?: ReadonlyMap<string, Found | undefined>): Promise<void> {
    const sinceMs = this.#calendar.now();
    const open = new Map<string, Standing | undefined>(work.keys.map((key) => [key, undefined]));
    let lookMs = FIRST_LOOK_MS;
    let found = known;
    for (const began = performance.now(); open.size > 0 && performance.now() - began < LONGEST_MS;) {
      const lookedMs = performance.now();
      found ??= await this.#find([...open.keys()], work.tags, sinceMs);
      const taken = await this.#take(work, open, { found, sinceMs, askedMs: lookedMs });
      found = undefined;
      if (taken.length > 0) {
        for (const { key } of taken) open.delete(key);
        await this.#load(work, taken);
        lookMs = FIRST_LOOK_MS;
      } else if (open.size > 0) {
        await sleep(lookMs);
        lookMs = Math.min(1.5 * lookMs, LAST_LOOK_MS, this.#leaseMs / 4);
      }
    }
    if (open.size > 0) await this.#load(work, Array.from(open.keys(), (key) => ({ key, lease: undefined, isAnswered: true })));
  }

  /** A value that is there is loaded anew by one, while the others go on with it. @returns false when it is another who does */
  async refresh(work: LoadWork, { stamp, bytes }: Found): Promise<boolean> {
    const [key = ''] = work.keys;
    try {
      if (!(await this.#level.addRefresh(key, this.#leaseMs))) return false;
    } catch {
      return false;
    }
    const loadedMs = performance.now();
    const value = (await work.load([key])).get(key);
    const isCurrent = await this.#put(work, value, { key, lease: { stamp, held: bytes } }).then(({ isThere }) => isThere, () => true);
    work.done(key, { from: 'loader', value, askedMs: isCurrent ? Infinity : loadedMs, isCurrent });
    return true;
  }

  /** @returns undefined for keys of which the server says nothing */
  async #find(keys: readonly string[], tags: readonly string[], askedMs: number): Promise<ReadonlyMap<string, Found | undefined>> {
    try {
      const found = await this.#level.find(keys, tags, askedMs);
      return new Map(found.map((one, place) => [keys[place] ?? '', one]));
    } catch (error) {
      if (isAway(error)) return new Map(keys.map((key) => [key, undefined]));
      throw error;
    }
  }

  /** Tells of keys that are known, takes leases of those that nobody loads, and leaves the others open. @returns what is to be loaded now: without a lease of a server that is away, and what another has loaded meanwhile which is not kept */
  async #take(work: LoadWork, open: Map<string, Standing | undefined>, { found, sinceMs, askedMs }: { readonly found: ReadonlyMap<string, Found | undefined>; readonly sinceMs: number; readonly askedMs: number }): Promise<readonly Taken[]> {
    const free: { readonly key: string; readonly found: Found }[] = [];
    const alone: Taken[] = [];
    for (const [key, standing] of open) {
      const one = found.get(key);
      if (!one) {
        if (found.has(key)) alone.push({ key, lease: undefined });
        continue;
      }
      const { entry, bytes } = one;
      if (entry?.kind !== 'value' && entry?.kind !== 'absent') work.absent?.(key);
      if (entry?.kind === 'value' || entry?.kind === 'absent') {
        open.delete(key);
        work.done(key, { from: 'server', entry, askedMs });
      } else if (entry?.kind === 'failure') {
        open.delete(key);
        work.failed(key, failed(key, entry), askedMs);
      } else if (entry?.kind === 'lease' && bytes && this.#isAlive(open, { key, standing, bytes })) continue;
      // All who wait would load one behind the other, each for himself.
      else if (entry?.kind === 'nothing' && entry.value === UNKEPT && entry.readAtMs >= sinceMs) alone.push({ key, lease: undefined, isAnswered: true });
      else free.push({ key, found: one });
    }
    if (free.length === 0) return alone;
    const text = `${randomUUID()} 0`;
    const taken = await eachInParts(free, async ({ key, found: { bytes, stamp } }): Promise<Taken | undefined> => {
      const to = this.#level.bytesOf({ ...this.#entry('lease', text, 0), key }, stamp);
      if (!to) return { key, lease: undefined, isAnswered: true };
      try {
        return (await this.#level.exchange(key, { from: bytes, to }, this.#heldMs)) ? { key, lease: { stamp, held: to } } : undefined;
      } catch (error) {
        // It may be there, or arrive yet: whoever else asks then waits for this load, and is not left with a lease that nobody has.
        if (isAway(error)) return { key, lease: isUnknown(error) ? { stamp, held: to, isInDoubt: true } : undefined };
        throw error;
      }
    });
    return [...alone, ...taken.filter((one) => one !== undefined)];
  }

  /** By our own clock, and not by what the holder's says: it lives as long as it changes. */
  #isAlive(open: Map<string, Standing | undefined>, { key, standing, bytes }: { readonly key: string; readonly standing: Standing | undefined; readonly bytes: Uint8Array }): boolean {
    const isSame = standing !== undefined && Buffer.compare(standing.bytes, bytes) === 0;
    const sinceMs = isSame ? standing.sinceMs : performance.now();
    if (!isSame) open.set(key, { bytes, sinceMs });
    return performance.now() - sinceMs < this.#leaseMs;
  }

  async #load(work: LoadWork, taken: readonly Taken[]): Promise<void> {
    const [token, askedMs] = [randomUUID(), performance.now()];
    const leases = new HeldLeases(this.#level, taken, { everyMs: this.#leaseMs / 3, longestMs: LONGEST_MS, heldMs: this.#heldMs, next: (turn) => this.#entry('lease', `${token} ${String(turn)}`, 0) });
    try {
      const values = await work.load(taken.map(({ key }) => key));
      const held = await leases.end();
      const putMs = performance.now();
      const isStill = this.#stillOf(work);
      await eachInParts(held, async (one) => {
        const value = values.get(one.key);
        const putOrLeft = this.#put(work, value, one).catch((): Put => {
          // It went away meanwhile.
          if (one.lease) this.#abandon(one.key, one.lease);
          return { isThere: true, until: 'now' };
        });
        const [{ isThere, until }, isBelieved] = await Promise.all([putOrLeft, isStill(one)]);
        const untilMs = { call: askedMs, put: putMs, now: Infinity }[until];
        work.done(one.key, { from: 'loader', value, askedMs: isBelieved ? untilMs : askedMs, isCurrent: isThere && isBelieved });
      });
    } catch (cause) {
      const held = await leases.end();
      const failure = this.#entry('failure', cause instanceof Error ? cause.message : 'no error', this.#leaseMs);
      await eachInParts(held, async ({ key, lease, isAnswered }) => {
        const to = lease && this.#level.bytesOf({ ...failure, key }, lease.stamp);
        if (isAnswered) {
          work.failed(key, cause, askedMs);
          return;
        }
        const isThere = !to || (await exchangeHeld(this.#level, key, { lease, to, ttlMs: this.#leaseMs }).catch(() => {
          this.#abandon(key, lease);
          return true;
        }));
        work.failed(key, cause, isThere || lease.isInDoubt === true ? Infinity : askedMs);
      });
    }
  }

  /** Nobody loads it any more: whoever else waits for that would wait until it is seen to stand still. */
  #abandon(key: string, { stamp, held, perhaps = [] }: Lease): void {
    const by = this.#level.bytesOf({ ...this.#entry('nothing', '', 1), key }, stamp);
    if (by) this.#level.abandon(key, { each: held === undefined ? perhaps : [...perhaps, held], by });
  }

  /** Who empties the cache, or takes out a tag, leaves the lease where it is: that is asked for where somebody wants to know, once for all keys that were asked for together. */
  #stillOf({ isJoined }: LoadWork): (one: Taken) => Promise<boolean> {
    const known = new Map<Stamp, Promise<boolean>>();
    return async ({ key, lease }) => {
      if (!lease || isJoined?.(key) !== true) return true;
      const asked = known.get(lease.stamp) ?? this.#level.isStill(key, lease.stamp).catch(() => true);
      known.set(lease.stamp, asked);
      return asked;
    };
  }

  /** Fails where the server does not say. */
  async #put({ keep }: LoadWork, value: unknown, { key, lease, isAnswered }: Taken): Promise<Put> {
    if (!lease) return { isThere: true, until: isAnswered ? 'call' : 'now' };
    const { stamp } = lease;
    const kept = keep(key, value);
    const bytes = kept && this.#level.bytesOf(kept, stamp);
    const to = bytes ?? this.#level.bytesOf({ ...this.#entry('nothing', UNKEPT, 1), key }, stamp);
    if (!to) return { isThere: true, until: 'call' };
    const isThere = await exchangeHeld(this.#level, key, { lease, to, ttlMs: bytes ? stayMs(kept) : this.#unkeptMs });
    return { isThere, until: isThere ? 'put' : lease.isInDoubt ? 'now' : 'call' };
  }

  #entry(kind: SharedEntry['kind'], value: string, ttlMs: number): Omit<ToKeep, 'key'> {
    return { kind, value, ttlMs, isSliding: false, tags: [], readAtMs: this.#calendar.now() };
  }

  /** On the server; others judge it long before. */
  get #heldMs(): number {
    return 3 * this.#leaseMs;
  }

  /** How long it is to be seen that something is not kept: whoever waits and has not looked for as long as a lease is as good as dead, as who loads is. All others who missed it would load one behind the other. */
  get #unkeptMs(): number {
    return Math.max(this.#leaseMs, STAY_MS);
  }
}

function isAway(error: unknown): boolean {
  return error instanceof OutageError && error.code === 'TIER_UNAVAILABLE';
}

/** Those who wait look for it now and then, and must find it: that its ttl is over, its own bytes say. */
function stayMs({ ttlMs, isSliding }: ToKeep): number {
  return isSliding || ttlMs === 0 ? ttlMs : Math.max(ttlMs, STAY_MS);
}

function failed(key: string, { value, readAtMs }: SharedEntry): OutageError {
  return new OutageError('TIER_LOAD_FAILED', `The loader of '${key}' failed a moment ago, here or in another process; it is tried again when its lease is over. What it said stands in details.reason.`, {
    details: { reason: value, atMs: readAtMs },
  });
}
