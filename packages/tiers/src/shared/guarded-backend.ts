import { OutageError } from '@ormolu/kernel';
import { CircuitState, CountBreaker } from 'cockatiel';
import type { Backend, BackendEntry, BackendLimits, BackendState } from '../backend/backend';
import { Deadlines, LateError } from './deadlines';
import { PacedCalls, type Asked } from './paced-calls';
import { UnsureKeys } from './unsure-keys';

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
  /** More was written in vain than is remembered: whatever the server holds must not be believed any more. Fails when it cannot be said there. */
  readonly forget: () => Promise<void>;
  /** What had been written in vain is taken out: until now, others may have read it. */
  readonly mended?: (() => void) | undefined;
}

const PROBE_EVERY_MS = 100;
const FIRST_PROBES_MS = 5;
/** One that answers when it is asked how it is, and refuses all else, is looked at ever more seldom. */
const LONGEST_PAUSE_MS = 30_000;
const PROBE_LIMIT_MS = 1_000;
const STEP_TRIES = 3;

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
  readonly #listener: GuardListener;
  readonly #calls: PacedCalls;
  readonly #probes = new Deadlines({ limitMs: PROBE_LIMIT_MS });
  /** Its count alone: a policy around each call would cost more than the rest of the guard, and what to do while it is open is ours. */
  readonly #breaker: CountBreaker;
  readonly #unsure: UnsureKeys;
  readonly #end: () => void;
  readonly #opened: Promise<void>;
  #open: (() => void) | undefined;
  #state: 'new' | 'up' | 'away' | 'closed' = 'new';
  #run: string | undefined;
  #probe: NodeJS.Timeout | undefined;
  /** How many times in turn it was back, and refused all that it was asked. */
  #relapses = 0;
  readonly #bornMs = performance.now();
  /** The first connection was waited for once, in vain. */
  #isLateToOpen = false;

  constructor(backend: Backend, options: GuardOptions, listener: GuardListener) {
    this.name = backend.name;
    this.limits = backend.limits;
    this.#backend = backend;
    this.#unsure = new UnsureKeys(options.maxUnsure);
    this.#listener = listener;
    this.#calls = new PacedCalls(backend, options.deadlineMs);
    const { breakAfter } = options;
    this.#breaker = new CountBreaker({ threshold: 0.49, size: 2 * breakAfter, minimumNumberOfCalls: breakAfter });
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
    this.#end = backend.onState((state, cause) => this.#heard(state, cause));
    this.#probeIn(0);
  }

  /** Which run of the server is spoken to; undefined while it is away. */
  get run(): string | undefined {
    return this.#state === 'up' ? this.#run : undefined;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** Keys that are taken out before they are read again. */
  get unsure(): number {
    return this.#unsure.size;
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const most = this.#calls.keysAtOnce;
    if (keys.length <= most) return this.#get(keys);
    const found: (Uint8Array | undefined)[] = [];
    for (let from = 0; from < keys.length; from += most) found.push(...(await this.#get(keys.slice(from, from + most))));
    return found;
  }

  setMany(entries: readonly BackendEntry[]): Promise<void> {
    const keys = entries.map(({ key }) => key);
    const bytes = entries.reduce((sum, { value }) => sum + value.byteLength, 0);
    this.#calls.note(bytes, keys.length);
    return this.#overwrite({ name: 'setMany', keys: keys.length, bytes }, keys, () => this.#backend.setMany(entries));
  }

  add(entry: BackendEntry): Promise<boolean> {
    return this.#writeIfSure({ name: 'add', keys: 1, bytes: entry.value.byteLength }, entry.key, () => this.#backend.add(entry));
  }

  replace(entry: BackendEntry, expected: Uint8Array): Promise<boolean> {
    return this.#writeIfSure({ name: 'replace', keys: 1, bytes: entry.value.byteLength + expected.byteLength }, entry.key, () => this.#backend.replace(entry, expected));
  }

  deleteMany(keys: readonly string[]): Promise<number> {
    return this.#overwrite({ name: 'deleteMany', keys: keys.length }, keys, () => this.#backend.deleteMany(keys));
  }

  touch(key: string, ttlMs: number): Promise<boolean> {
    return this.#call({ name: 'touch', keys: 1 }, () => this.#backend.touch(key, ttlMs));
  }

  /** It is many calls, each of which has a deadline of its own. Where it fails, some keys may be left. */
  deleteByPattern = (pattern: string): Promise<number> => {
    if (!this.#backend.deleteByPattern) return Promise.reject(AWAY);
    return this.#backend.deleteByPattern(pattern, (call) => this.#step(call));
  };

  check(): Promise<string> {
    return this.#call({ name: 'check', keys: 0 }, () => this.#backend.check());
  }

  /** Asks once more which run of the server this is. @throws {OutageError} TIER_UNAVAILABLE */
  async lookAgain(): Promise<void> {
    this.#run = await this.check();
  }

  onState(listener: (state: BackendState, cause?: unknown) => void): () => void {
    return this.#backend.onState(listener);
  }

  /** Ends the watch, not the backend: others may use it. */
  close(): Promise<void> {
    this.#state = 'closed';
    this.#open?.();
    clearTimeout(this.#probe);
    this.#end();
    return Promise.resolve();
  }

  async #get(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const found = await this.#call({ name: 'getMany', keys: keys.length }, async () => {
      const answer = await this.#backend.getMany(keys);
      const bytes = answer.reduce((sum, value) => sum + (value?.byteLength ?? 0), 0);
      this.counts.receivedBytes += bytes;
      this.#calls.note(bytes, keys.length);
      return answer;
    });
    return this.#unsure.size === 0 ? found : found.map((value, place) => (this.#unsure.has(keys[place] ?? '') ? undefined : value));
  }

  async #call<T>(asked: Asked, make: () => Promise<T>): Promise<T> {
    try {
      if (this.#state === 'new') await this.#connected();
      this.#refuseWhileAway();
      const answer = await this.#calls.run(asked, () => {
        this.#refuseWhileAway();
        this.counts.calls += 1;
        this.counts.sentBytes += asked.bytes ?? 0;
        return make();
      }, AWAY);
      this.#breaker.success(CircuitState.Closed);
      this.#relapses = 0;
      return answer;
    } catch (error) {
      if (error === AWAY) this.counts.refused += 1;
      else {
        this.counts.failures += 1;
        this.#failed(error);
      }
      throw outage(error);
    }
  }

  /** The first calls wait for the first connection, no longer than for an answer; when one has waited in vain, the others do not. */
  async #connected(): Promise<void> {
    if (this.#isLateToOpen) return;
    await this.#calls.within(this.#opened).catch(() => {
      this.#isLateToOpen = true;
    });
  }

  #refuseWhileAway(): void {
    if (this.#state !== 'up' || this.#unsure.mustForget) throw AWAY;
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
    return this.#write(asked, [key], () => (this.#unsure.has(key) ? Promise.reject(AWAY) : make()));
  }

  async #write<T>(asked: Asked, keys: readonly string[], make: () => Promise<T>): Promise<T> {
    try {
      return await this.#call(asked, make);
    } catch (error) {
      this.#unsure.failed(keys, error instanceof LateError);
      this.#probeIn(PROBE_EVERY_MS);
      throw error;
    }
  }

  #heard(state: BackendState, cause: unknown): void {
    if (state === 'up') {
      if (this.#state !== 'up') this.#probeIn(0);
      return;
    }
    this.#unsure.connectionLost();
    this.#relapses = 0;
    this.#lost(cause === undefined ? AWAY : outage(cause));
  }

  #failed(cause: unknown): void {
    if (!this.#breaker.failure(CircuitState.Closed)) return;
    // One that is late has too much to do, which passes.
    if (!(cause instanceof LateError)) this.#relapses += 1;
    this.#lost(cause);
  }

  #lost(cause: unknown): void {
    if (this.#state === 'closed') return;
    const was = this.#state;
    this.#state = 'away';
    this.#open?.();
    if (was !== 'away') {
      this.counts.outages += 1;
      this.#listener.changed('away', cause);
    }
    this.#probeIn(Math.min(PROBE_EVERY_MS * 2 ** Math.max(0, this.#relapses - 1), LONGEST_PAUSE_MS));
  }

  #probeIn(ms: number): void {
    if (this.#state === 'closed') return;
    if (ms === 0) clearTimeout(this.#probe);
    else if (this.#probe !== undefined) return;
    this.#probe = setTimeout(() => void this.#recover(), ms);
    // The first calls wait for the first answer: until then the process has something to do.
    if (this.#state !== 'new') this.#probe.unref();
  }

  /** Asks whether it is there, and mends what has to be mended before it is believed. */
  async #recover(): Promise<void> {
    const hadToMend = this.#unsure.areAny;
    try {
      this.#run = await this.#probes.within(this.#backend.check());
      await this.#unsure.mend(this.#backend, { within: (call) => this.#probes.within(call), forget: this.#listener.forget });
      this.#probe = undefined;
      if (hadToMend) this.#listener.mended?.();
      const was = this.#state;
      if (was === 'closed') return;
      this.#state = 'up';
      this.#breaker.success(was === 'up' ? CircuitState.Closed : CircuitState.HalfOpen);
      this.#open?.();
      if (was === 'away') this.#listener.changed('up', undefined);
      // Written in vain while it was mended, or not yet said: once more.
      if (this.#unsure.areAny) this.#probeIn(PROBE_EVERY_MS);
    } catch (error) {
      this.#probe = undefined;
      // Before it was ever up, a failure says only that it is not yet.
      const isYoung = this.#state === 'new' && performance.now() - this.#bornMs < PROBE_LIMIT_MS;
      if (this.#state === 'up') this.#failed(error);
      else if (!isYoung) this.#lost(error);
      this.#probeIn(isYoung ? FIRST_PROBES_MS : PROBE_EVERY_MS);
    }
  }
}

/** Drivers have errors of their own. Whoever calls tells an outage by the class, and goes on without the server. */
function outage(error: unknown): OutageError {
  return error instanceof OutageError ? error : new OutageError('TIER_UNAVAILABLE', `A call of the cache server failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}

/** One for all: while a server is away, it would be made for every call. */
const AWAY = new OutageError('TIER_UNAVAILABLE', 'The cache server is away. Caches do without it, and use it again when it is back.');
