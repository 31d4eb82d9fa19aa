import { OutageError } from '@ormolu/kernel';
import Denque from 'denque';

interface Call {
  readonly dueMs: number;
  readonly expire: () => void;
  isDone: boolean;
}

/**
 * Ends the waiting for calls that take too long. All have the same time, so that they expire in their order, and one timer does for all.
 */
export class Deadlines {
  readonly #limitMs: number;
  readonly #calls = new Denque<Call>();
  #timer: NodeJS.Timeout | undefined;
  #open = 0;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** @throws {OutageError} TIER_UNAVAILABLE when it takes longer; the call itself goes on, and what it says then is heard by nobody */
  within<T>(call: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const one: Call = {
        dueMs: performance.now() + this.#limitMs, isDone: false,
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
      if (!this.#timer) this.#arm(this.#limitMs);
    });
  }

  #arm(ms: number): void {
    // When this process itself was busy, answers may lie there unread: they are read before anything is called late.
    this.#timer = setTimeout(() => setImmediate(() => this.#expire()), Math.max(1, ms));
    // A process that waits for nothing else may end.
    if (this.#open === 0) this.#timer.unref();
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (let first = this.#calls.peekFront(); first !== undefined; first = this.#calls.peekFront()) {
      if (!first.isDone && first.dueMs > now) {
        this.#arm(first.dueMs - now);
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
