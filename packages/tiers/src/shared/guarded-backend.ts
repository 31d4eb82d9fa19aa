import type { Backend, BackendEntry, BackendLimits, BackendState } from '../backend/backend';
import { UnreachedError } from '../backend/unreached-error';
import { LateError } from './deadlines';
import { PacedCalls, type Asked } from './paced-calls';
import { AWAY, outage, ServerWatch } from './server-watch';
import { UnsureKeys, type Abandoned } from './unsure-keys';

/** How long a cache server is waited for, and what is remembered while it is away. */
export interface GuardOptions {
  readonly deadlineMs: number;
  /** Of the last so many calls half must have failed before the server counts as away. */
  readonly breakAfter: number;
  /** Keys whose writes failed that are remembered; beyond it all is forgotten instead. */
  readonly maxUnsure: number;
}

/** What happened to the calls. */
export interface GuardCounts {
  calls: number;
  /** Of these, calls that failed or were late. */
  failures: number;
  /** Calls that were not made, because the server was known to be away. */
  refused: number;
  outages: number;
  /** Of entries, marks and leases, without keys and what else a protocol adds: what was sent, and what came. */
  sentBytes: number;
  receivedBytes: number;
}

/** What a guard tells of. */
export interface GuardListener {
  /** Once for each change. */
  readonly changed: (state: 'up' | 'away', cause: unknown) => void;
  /** It has been reached for the first time. */
  readonly opened?: (() => void) | undefined;
  /** More was written in vain than is remembered: whatever the server holds must not be believed any more. Fails when it cannot be said there. */
  readonly forget: () => Promise<void>;
  /** What had been written in vain is taken out: until now, others may have read it. */
  readonly mended?: (() => void) | undefined;
}

const STEP_TRIES = 3;

/** So many calls are refused in one turn of the event loop, if their caller asks for nothing else. */
const REFUSALS_A_TURN = 64;

/**
 * A cache server that is never waited for long, and not at all while it is away.
 *
 * What could not be written there is taken out when it is back, before anything is read from it: a write that failed leaves the old value, one
 * that was late may still arrive. So nothing that this process has changed comes back.
 */
export class GuardedBackend implements Backend {
  readonly name: string;
  readonly limits: BackendLimits;
  readonly counts: GuardCounts = { calls: 0, failures: 0, refused: 0, outages: 0, sentBytes: 0, receivedBytes: 0 };
  readonly #backend: Backend;
  readonly #calls: PacedCalls;
  readonly #unsure: UnsureKeys;
  readonly #watch: ServerWatch;
  /** The first connection was waited for once, in vain. */
  #isLateToOpen = false;
  /** So was the end of this doubt. */
  #lateDoubt: Promise<void> | undefined;

  constructor(backend: Backend, options: GuardOptions, listener: GuardListener) {
    this.name = backend.name;
    this.limits = backend.limits;
    this.#backend = backend;
    this.#unsure = new UnsureKeys(options.maxUnsure);
    this.#calls = new PacedCalls(backend, options.deadlineMs);
    this.#watch = new ServerWatch({
      backend, unsure: this.#unsure, breakAfter: options.breakAfter, ...listener,
      changed: (state, cause) => {
        if (state === 'away') this.counts.outages += 1;
        listener.changed(state, cause);
      },
    });
  }

  /** Which run of the server is spoken to; undefined while it is away. */
  get run(): string | undefined {
    return this.#watch.run;
  }

  get isUp(): boolean {
    return this.#watch.isUp;
  }

  /** Whether it is asked anything, now: not while it is away, nor before what is in doubt there is given up. */
  get isInUse(): boolean {
    return this.#watch.isUp && !this.#unsure.mustForget;
  }

  /** Keys that are taken out before they are read again. */
  get unsure(): number {
    return this.#unsure.size;
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined | null)[]> {
    const most = this.#calls.keysAtOnce;
    if (keys.length <= most) return this.#get(keys);
    const found: (Uint8Array | undefined | null)[] = [];
    for (let from = 0; from < keys.length; from += most) found.push(...(await this.#get(keys.slice(from, from + most))));
    return found;
  }

  setMany(entries: readonly BackendEntry[]): Promise<void> {
    const keys = entries.map(({ key }) => key);
    const bytes = entries.reduce((sum, { value }) => sum + value.byteLength, 0);
    this.#calls.note(bytes, keys.length);
    return this.#overwrite({ name: 'setMany', keys: keys.length, bytes }, keys, () => this.#backend.setMany(entries));
  }

  /** Where it fails, the key is no less sure than before: should it still arrive, it writes only where nobody has written. */
  add(entry: BackendEntry): Promise<boolean> {
    return this.#writeIfSure({ name: 'add', keys: 1, bytes: entry.value.byteLength }, entry.key, () => this.#backend.add(entry));
  }

  /** Likewise. */
  replace(entry: BackendEntry, expected: Uint8Array): Promise<boolean> {
    return this.#writeIfSure({ name: 'replace', keys: 1, bytes: entry.value.byteLength + expected.byteLength }, entry.key, () => this.#backend.replace(entry, expected));
  }

  deleteMany(keys: readonly string[]): Promise<number> {
    return this.#overwrite({ name: 'deleteMany', keys: keys.length }, keys, () => this.#backend.deleteMany(keys));
  }

  /** A key without which the others are of no use could not be reached. @returns what the call fails with that asked for it */
  unreached(key: string): UnreachedError {
    const error = new UnreachedError([key], AWAY);
    this.#watch.failed(error);
    return error;
  }

  /** What has been put under a key, as far as it came to that, and is of no use any more, is taken out as soon as the server can be told: this and nothing else. */
  abandon(key: string, what: Abandoned): void {
    this.#unsure.abandoned(key, what);
    this.#watch.mendSoon();
  }

  touch(key: string, ttlMs: number): Promise<boolean> {
    return this.#call({ name: 'touch', keys: 1 }, () => this.#backend.touch(key, ttlMs));
  }

  /** It is many calls, each of which has a deadline of its own. Where it fails, some keys may be left. */
  deleteByPattern = (pattern: string): Promise<number> => {
    if (!this.#backend.deleteByPattern) return Promise.reject(AWAY);
    return this.#backend.deleteByPattern(pattern, (call) => this.#step(call));
  };

  /** It takes a server longer to say how it is than to find a key, a cluster much longer: it has a time of its own for it. */
  async check(): Promise<string> {
    if (this.#watch.isNew) await this.#connected();
    if (!this.#watch.isUp) {
      this.counts.refused += 1;
      throw AWAY;
    }
    this.counts.calls += 1;
    try {
      return await this.#watch.ask();
    } catch (error) {
      this.counts.failures += 1;
      this.#watch.failed(error);
      throw outage(error);
    }
  }

  /** Asks once more which run of the server this is, which is waited for as long as for any answer. It never fails: what was known is known then. */
  async lookAgain(): Promise<void> {
    await this.#calls.within(this.#watch.lookAgain()).catch(() => undefined);
  }

  onState(listener: (state: BackendState, cause?: unknown) => void): () => void {
    return this.#backend.onState(listener);
  }

  /** Ends the watch, not the backend: others may use it. */
  close(): Promise<void> {
    this.#watch.close();
    return Promise.resolve();
  }

  async #get(keys: readonly string[]): Promise<readonly (Uint8Array | undefined | null)[]> {
    const found = await this.#call({ name: 'getMany', keys: keys.length }, async () => {
      const answer = await this.#backend.getMany(keys);
      const bytes = answer.reduce((sum, value) => sum + (value?.byteLength ?? 0), 0);
      this.counts.receivedBytes += bytes;
      this.#calls.note(bytes, keys.length);
      if (answer.includes(null)) this.counts.failures += 1;
      return answer;
    });
    if (this.#watch.inDoubt) await this.#settled(this.#watch.inDoubt);
    return this.#unsure.size === 0 ? found : found.map((value, place) => (value && this.#unsure.has(keys[place] ?? '') ? undefined : value));
  }

  async #call<T>(asked: Asked, make: () => Promise<T>): Promise<T> {
    try {
      if (this.#watch.isNew) await this.#connected();
      this.#refuseWhileAway();
      const answer = await this.#calls.run(asked, () => {
        this.#refuseWhileAway();
        this.counts.calls += 1;
        this.counts.sentBytes += asked.bytes ?? 0;
        return make();
      }, AWAY);
      this.#watch.succeeded();
      return answer;
    } catch (error) {
      if (error === AWAY) await this.#refused();
      else {
        this.counts.failures += 1;
        // A key that cannot be reached says nothing about the others.
        if (!(error instanceof UnreachedError)) this.#watch.failed(error);
      }
      throw outage(error);
    }
  }

  /** The first calls wait for the first connection, no longer than for an answer; when one has waited in vain, the others do not. */
  async #connected(): Promise<void> {
    if (this.#isLateToOpen) return;
    await this.#calls.within(this.#watch.opened).catch(() => {
      this.#isLateToOpen = true;
    });
  }

  /** An answer that came while it is in doubt who gave it waits until that is known, likewise: by its run its marks are judged. */
  async #settled(inDoubt: Promise<void>): Promise<void> {
    try {
      if (this.#lateDoubt === inDoubt) throw AWAY;
      await this.#calls.within(inDoubt);
      this.#refuseWhileAway();
    } catch {
      this.#lateDoubt = inDoubt;
      this.counts.refused += 1;
      throw AWAY;
    }
  }

  /** Whoever asks again and again is let wait for a turn now and then: what is refused at once would keep timers and sockets waiting, and with them the server's return. */
  async #refused(): Promise<void> {
    this.counts.refused += 1;
    if (this.counts.refused % REFUSALS_A_TURN === 0) await new Promise(setImmediate);
  }

  #refuseWhileAway(): void {
    if (!this.isInUse) throw AWAY;
  }

  /** Of thousands, one may be late without anything being wrong: what is at stake is all that the cache has there. */
  async #step<T>(make: () => Promise<T>): Promise<T> {
    for (let left = STEP_TRIES; ; left -= 1) {
      try {
        return await this.#call({ name: 'deleteByPattern', keys: 0 }, make);
      } catch (error) {
        if (left === 1 || !(error instanceof LateError)) throw error;
      }
    }
  }

  #overwrite<T>(asked: Asked, keys: readonly string[], make: () => Promise<T>): Promise<T> {
    return this.#write(asked, keys, () => {
      const made = make();
      this.#unsure.overwritten(keys);
      return made;
    });
  }

  /** Of an unsure key nobody knows what is there. */
  #writeIfSure<T>(asked: Asked, key: string, make: () => Promise<T>): Promise<T> {
    if (this.#unsure.has(key)) return Promise.reject(AWAY);
    return this.#write(asked, [], () => (this.#unsure.has(key) ? Promise.reject(AWAY) : make()));
  }

  /** @param keys - of which nobody knows what is there, should it fail */
  async #write<T>(asked: Asked, keys: readonly string[], make: () => Promise<T>): Promise<T> {
    try {
      return await this.#call(asked, make);
    } catch (error) {
      this.#unsure.failed(error instanceof UnreachedError && keys.length > 0 ? error.keys : keys, error instanceof LateError);
      this.#watch.mendSoon();
      throw error;
    }
  }
}
