import { OutageError } from '@ormolu/kernel';
import Denque from 'denque';

interface Call {
  readonly dueMs: number;
  readonly expire: () => void;
  isDone: boolean;
}

/** How long a server may be silent. */
export interface DeadlineOptions {
  readonly limitMs: number;
  /** How many bytes of answers have come so far. @defaultValue that is not known */
  readonly receivedBytes?: (() => number) | undefined;
}

/** A server that sends or is sent so much has as long for it as for an answer. */
const BYTES_A_LIMIT = 1_048_576;
/** Whatever was sent to a server, it has at most so many limits for it. */
const MOST_LIMITS = 25;
const STEP_MS = 10;
/** A step that took longer says that this process was busy: it could not have heard the server. */
const LONGEST_STEP_MS = 1.5 * STEP_MS;

/**
 * Ends the waiting for calls that take too long. All have the same time, so that they expire in their order, and one timer does for all.
 *
 * What is counted is how long the server was silent while somebody listened: neither the time in which this process did something else, nor that which large values need on their way.
 */
export class Deadlines {
  readonly #limitMs: number;
  readonly #receivedBytes: () => number;
  readonly #calls = new Denque<Call>();
  #timer: NodeJS.Timeout | undefined;
  #open = 0;
  /** What was counted until it was last looked, and when that was. */
  #silentMs = 0;
  #lookedMs = 0;
  #lookedBytes = 0;
  /** For what was sent, and is not used up. */
  #grantedMs = 0;

  constructor({ limitMs, receivedBytes = () => 0 }: DeadlineOptions) {
    this.#limitMs = limitMs;
    this.#receivedBytes = receivedBytes;
  }

  /**
   * @param sentBytes - how much travels with it
   * @throws {OutageError} TIER_UNAVAILABLE when it takes longer; the call itself goes on, and what it says then is heard by nobody
   */
  within<T>(call: Promise<T>, sentBytes = 0): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#watch(sentBytes);
      const one: Call = {
        dueMs: this.#silentMs + this.#sinceLooked() + this.#limitMs, isDone: false,
        expire: () => reject(new LateError(this.#limitMs)),
      };
      this.#calls.push(one);
      const end = (): void => {
        one.isDone = true;
        this.#open -= 1;
        // What has ended is not kept until its time is over: it would keep its answer. Calls mostly end in their order.
        while (this.#calls.peekFront()?.isDone === true) this.#calls.shift();
        if (this.#open === 0) this.#timer?.unref();
      };
      this.#open += 1;
      if (this.#open === 1) this.#timer?.ref();
      call.then(end, end);
      call.then(resolve, reject);
    });
  }

  #watch(sentBytes: number): void {
    if (!this.#timer) {
      this.#lookedMs = performance.now();
      this.#lookedBytes = this.#receivedBytes();
      this.#grantedMs = 0;
      this.#arm(this.#limitMs);
    }
    this.#grantedMs = Math.min(this.#grantedMs + this.#worthMs(sentBytes), MOST_LIMITS * this.#limitMs);
  }

  #worthMs(bytes: number): number {
    return (bytes / BYTES_A_LIMIT) * this.#limitMs;
  }

  #sinceLooked(): number {
    return Math.min(performance.now() - this.#lookedMs, LONGEST_STEP_MS);
  }

  #look(): void {
    const received = this.#receivedBytes();
    // A connection that was made anew begins to count anew.
    const silentMs = Math.max(0, this.#sinceLooked() - this.#worthMs(Math.max(0, received - this.#lookedBytes)));
    const usedMs = Math.min(this.#grantedMs, silentMs);
    this.#grantedMs -= usedMs;
    this.#silentMs += silentMs - usedMs;
    this.#lookedMs = performance.now();
    this.#lookedBytes = received;
  }

  #arm(ms: number): void {
    // When this process itself was busy, answers may lie there unread: they are read before anything is called late.
    this.#timer = setTimeout(() => setImmediate(() => this.#expire()), Math.max(1, Math.min(ms, STEP_MS)));
    // A process that waits for nothing else may end.
    if (this.#open === 0) this.#timer.unref();
  }

  #expire(): void {
    this.#timer = undefined;
    this.#look();
    for (let first = this.#calls.peekFront(); first !== undefined; first = this.#calls.peekFront()) {
      if (!first.isDone && first.dueMs > this.#silentMs) {
        this.#arm(first.dueMs - this.#silentMs);
        return;
      }
      this.#calls.shift();
      if (!first.isDone) first.expire();
    }
  }
}

/** A cache server did not answer in time; it may still do what it was asked. */
export class LateError extends OutageError {
  constructor(limitMs: number) {
    super('TIER_UNAVAILABLE', `The cache server did not answer within ${String(limitMs)} ms.`);
  }
}
