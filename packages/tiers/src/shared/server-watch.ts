import { OutageError } from '@ormolu/kernel';
import { CircuitState, CountBreaker } from 'cockatiel';
import type { Backend, BackendState } from '../backend/backend';
import { Deadlines, LateError } from './deadlines';
import type { UnsureKeys } from './unsure-keys';

/** What is watched, and who is told. */
export interface Watched {
  readonly backend: Backend;
  /** What was written there in vain: taken out before it is believed. */
  readonly unsure: UnsureKeys;
  /** Of the last so many calls half must have failed before the server counts as away. */
  readonly breakAfter: number;
  /** Once for each change. */
  readonly changed: (state: 'up' | 'away', cause: unknown) => void;
  /** It has been reached for the first time. */
  readonly opened?: (() => void) | undefined;
  /** Says on the server that whatever it holds must not be believed any more. */
  readonly forget: () => Promise<void>;
  /** What had been written in vain is taken out: until now, others may have read it. */
  readonly mended?: (() => void) | undefined;
}

const PROBE_EVERY_MS = 100;
const FIRST_PROBES_MS = 5;
/** One that answers when it is asked how it is, and refuses all else, is looked at ever more seldom. */
const LONGEST_PAUSE_MS = 30_000;
const PROBE_LIMIT_MS = 1_000;
/** Two processes that know different runs, of which neither learns anything by asking, do not ask at every read. */
const LOOK_EVERY_MS = 1_000;

/**
 * Whether a server is there, and which run of it.
 *
 * A connection that ends makes void what was asked before: behind the next one, another run may stand, with what it had long ago. So does a change among the nodes of a cluster,
 * while the others stay connected; as only one of them may be new, it is in doubt then, and not away, until it has said who it is.
 */
export class ServerWatch {
  readonly opened: Promise<void>;
  readonly #watched: Watched;
  readonly #probes = new Deadlines({ limitMs: PROBE_LIMIT_MS });
  /** Its count alone: a policy around each call would cost more than the rest of the guard, and what to do while it is open is ours. */
  readonly #breaker: CountBreaker;
  readonly #end: () => void;
  readonly #bornMs = performance.now();
  #open: (() => void) | undefined;
  #state: 'new' | 'up' | 'away' | 'closed' = 'new';
  #run: string | undefined;
  #doubt: { readonly settled: Promise<void>; readonly settle: () => void } | undefined;
  #probe: NodeJS.Timeout | undefined;
  /** What was asked before the last of these says nothing any more. */
  #losses = 0;
  #isAsking = false;
  /** Questions which run it is are numbered: one that was asked before another that is answered says nothing new. */
  #asked = 0;
  #told = 0;
  #look: Promise<void> | undefined;
  #lookedMs = -Infinity;
  /** How many times in turn it was back, and refused all that it was asked. */
  #relapses = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
    const { breakAfter } = watched;
    this.#breaker = new CountBreaker({ threshold: 0.49, size: 2 * breakAfter, minimumNumberOfCalls: breakAfter });
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
    this.#end = watched.backend.onState((state, cause) => this.#heard(state, cause));
    this.#probeIn(0);
  }

  /** Which run of the server is spoken to; undefined while it is away. */
  get run(): string | undefined {
    return this.#state === 'up' ? this.#run : undefined;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** It has not been reached yet. */
  get isNew(): boolean {
    return this.#state === 'new';
  }

  /** While it may be another run than the last known: ends when that is known, or the server is away. */
  get inDoubt(): Promise<void> | undefined {
    return this.#doubt?.settled;
  }

  /** A call was answered. */
  succeeded(): void {
    this.#breaker.success(CircuitState.Closed);
    this.#relapses = 0;
  }

  /** A call was not. */
  failed(cause: unknown): void {
    if (!this.#breaker.failure(CircuitState.Closed)) return;
    // One that is late has too much to do, which passes.
    if (!(cause instanceof LateError)) this.#relapses += 1;
    this.#lost(cause);
  }

  /** There is something to take out. */
  mendSoon(): void {
    this.#probeIn(PROBE_EVERY_MS);
  }

  /** Which run it is, as it says now. @throws {unknown} what the server did, or that it did not answer for long */
  async ask(): Promise<string> {
    const question = (this.#asked += 1);
    const run = await this.#probes.within(this.#watched.backend.check());
    this.#note(question, run);
    return run;
  }

  /** Asks once more which run it is, unless that was done a moment ago. @throws {unknown} as `ask` */
  lookAgain(): Promise<void> {
    if (this.#look) return this.#look;
    if (performance.now() - this.#lookedMs < LOOK_EVERY_MS) return Promise.resolve();
    // What it asks may show that servers have changed: that is asked by itself then.
    this.#look = this.ask().then(() => this.inDoubt).finally(() => {
      this.#look = undefined;
      this.#lookedMs = performance.now();
    });
    return this.#look;
  }

  close(): void {
    this.#state = 'closed';
    this.#open?.();
    this.#settle();
    clearTimeout(this.#probe);
    this.#end();
  }

  #note(question: number, run: string): void {
    if (question <= this.#told) return;
    this.#told = question;
    this.#run = run;
  }

  #heard(state: BackendState, cause: unknown): void {
    if (state === 'up') {
      if (this.#state !== 'up') this.#probeIn(0);
      return;
    }
    this.#watched.unsure.connectionLost();
    this.#relapses = 0;
    this.#losses += 1;
    this.#told = this.#asked;
    if (state === 'doubtful') this.#watched.unsure.giveUp();
    if (state === 'down') this.#lost(cause === undefined ? AWAY : outage(cause));
    else if (this.#state === 'up') {
      this.#doubt ??= doubt();
      this.#probeIn(0);
    }
  }

  #lost(cause: unknown): void {
    if (this.#state === 'closed') return;
    const was = this.#state;
    this.#state = 'away';
    this.#open?.();
    this.#settle();
    if (was !== 'away') this.#watched.changed('away', cause);
    this.#probeIn(Math.min(PROBE_EVERY_MS * 2 ** Math.max(0, this.#relapses - 1), LONGEST_PAUSE_MS));
  }

  #settle(): void {
    this.#doubt?.settle();
    this.#doubt = undefined;
  }

  #probeIn(ms: number): void {
    if (this.#state === 'closed') return;
    // Whoever is asking looks again himself, where what he is told counts no more.
    if (this.#isAsking || (ms > 0 && this.#probe !== undefined)) return;
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => void this.#recover(), ms);
    // The first calls wait for the first answer: until then the process has something to do.
    if (this.#state !== 'new') this.#probe.unref();
  }

  /** Asks whether it is there, and mends what has to be mended before it is believed. */
  async #recover(): Promise<void> {
    this.#probe = undefined;
    this.#isAsking = true;
    const losses = this.#losses;
    const stillCounts = (): void => {
      if (losses !== this.#losses) throw VOID;
    };
    const within = async <T>(call: Promise<T>): Promise<T> => {
      const answer = await this.#probes.within(call);
      stillCounts();
      return answer;
    };
    const { backend, unsure, forget } = this.#watched;
    const [hadToMend, before] = [unsure.areAny, unsure.size];
    try {
      const question = (this.#asked += 1);
      const run = await within(backend.check());
      // A loss may be heard between an answer and whoever waits for it: what is drawn from it is drawn at once.
      stillCounts();
      this.#note(question, run);
      if (this.#state === 'up') this.#settle();
      await unsure.mend(backend, { within, forget });
      stillCounts();
      this.#isAsking = false;
      // Keys that cannot be reached are tried again and again: what is not mended is not told of as such.
      this.#recovered(hadToMend && (!unsure.areAny || unsure.size < before));
    } catch (error) {
      this.#isAsking = false;
      if (error === VOID) this.#probeIn(this.#state === 'away' ? PROBE_EVERY_MS : FIRST_PROBES_MS);
      else this.#failedToRecover(error);
    }
  }

  #recovered(hasMended: boolean): void {
    const { unsure, changed, opened, mended } = this.#watched;
    const was = this.#state;
    if (was === 'closed') return;
    if (hasMended) mended?.();
    this.#state = 'up';
    this.#breaker.success(was === 'up' ? CircuitState.Closed : CircuitState.HalfOpen);
    this.#open?.();
    if (was === 'new') opened?.();
    if (was === 'away') changed('up', undefined);
    // Written in vain while it was mended, or not yet said: once more.
    if (unsure.areWaiting) this.#probeIn(PROBE_EVERY_MS);
  }

  #failedToRecover(error: unknown): void {
    // Before it was ever up, a failure says only that it is not yet.
    const isYoung = this.#state === 'new' && performance.now() - this.#bornMs < PROBE_LIMIT_MS;
    if (this.#state === 'up' && !this.#doubt) this.failed(error);
    else if (!isYoung) this.#lost(error);
    this.#probeIn(isYoung ? FIRST_PROBES_MS : PROBE_EVERY_MS);
  }
}

/** Thrown where an answer counts no more. */
const VOID = new Error('void');

function doubt(): { readonly settled: Promise<void>; readonly settle: () => void } {
  let settle: () => void = () => undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { settled, settle };
}

/** Drivers have errors of their own. Whoever calls tells an outage by the class, and goes on without the server. */
export function outage(error: unknown): OutageError {
  return error instanceof OutageError ? error : new OutageError('TIER_UNAVAILABLE', `A call of the cache server failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}

/** One for all: while a server is away, it would be made for every call. */
export const AWAY: OutageError = new OutageError('TIER_UNAVAILABLE', 'The cache server is away. Caches do without it, and use it again when it is back.');
