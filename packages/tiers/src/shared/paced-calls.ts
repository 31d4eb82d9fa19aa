import type { Backend } from '../backend/backend';
import { isTraced, traced } from '../metrics/tracing';
import { Deadlines, LateError } from './deadlines';
import { BYTES_A_PART, KEYS_A_PART } from './parts';
import { Turns } from './turns';

/** What is asked of a server at once. */
export interface Asked {
  readonly name: keyof Backend;
  readonly keys: number;
  /** How many bytes of values travel with it. */
  readonly bytes?: number;
}

/** So many keys are on their way at a time, of all calls together. */
const KEYS_AT_ONCE = 4 * KEYS_A_PART;
/** What is written is as heavy as a key for so many bytes of its value; what is read, for so many that are to be expected. */
const WRITTEN_A_KEY = BYTES_A_PART / KEYS_A_PART;
const READ_A_KEY = 16_384;
/** Answers of more bytes are not asked for at once, as far as can be known: a server makes the whole of one before it sends the first byte. */
const BYTES_AN_ANSWER = 8_388_608;
const FADES = 0.9;

/** The calls of one server: so much at a time, each with a deadline that begins when it is sent. */
export class PacedCalls {
  readonly #backend: Backend;
  readonly #deadlines: Deadlines;
  readonly #turns = new Turns(KEYS_AT_ONCE);
  /** Of a value, on an average of the last answers in which they were large. */
  #typicalBytes = 0;

  constructor(backend: Backend, limitMs: number) {
    this.#backend = backend;
    this.#deadlines = new Deadlines({ limitMs, receivedBytes: () => backend.receivedBytes ?? 0 });
  }

  /** How many keys may be asked for in one call. */
  get keysAtOnce(): number {
    return Math.max(1, Math.floor(BYTES_AN_ANSWER / this.#typicalBytes));
  }

  /** @throws {OutageError} TIER_UNAVAILABLE when it takes longer than a deadline */
  within<T>(call: Promise<T>): Promise<T> {
    return this.#deadlines.within(call);
  }

  /** How large values were, found or written. Who was late may tell, too. */
  note(bytes: number, keys: number): void {
    this.#typicalBytes = Math.max(FADES * this.#typicalBytes, bytes / Math.max(1, keys));
  }

  /** @param make - called when it is its turn @throws {OutageError} TIER_UNAVAILABLE when it takes longer than a deadline; `silent` when it was not called, because an earlier call was late */
  async run<T>(asked: Asked, make: () => Promise<T>, silent: Error): Promise<T> {
    const weight = this.#weightOf(asked);
    const turn = this.#turns.enter(weight);
    if (turn) await turn;
    try {
      return await (isTraced() ? this.#traced(asked, make) : this.#deadlines.within(make(), asked.bytes));
    } catch (error) {
      // What has not been sent yet would be late, too.
      if (error instanceof LateError) this.#turns.giveUp(silent);
      throw error;
    } finally {
      this.#turns.leave(weight);
    }
  }

  /** Whole: sums of fractions that come and go in any order do not end at nothing, and who goes alone would wait for ever. */
  #weightOf({ keys, bytes }: Asked): number {
    return Math.round(bytes === undefined ? keys * Math.max(1, this.#typicalBytes / READ_A_KEY) : keys + bytes / WRITTEN_A_KEY);
  }

  #traced<T>({ name, keys, bytes }: Asked, make: () => Promise<T>): Promise<T> {
    const attributes = { 'db.system.name': this.#backend.name, 'db.operation.name': name, 'db.operation.batch.size': keys };
    return traced({ name: `${this.#backend.name} ${name}`, isCall: true, attributes }, () => this.#deadlines.within(make(), bytes));
  }
}
