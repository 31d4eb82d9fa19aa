import { MisuseError, type Columns, type Query, type Session, type StreamOptions } from '@ormolu/kernel';
import { LimitError } from './errors';

/** Streams a session may have open. */
const MOST_OPEN = 10_000;
/** Records of a batch: it stands in memory as a whole before it is known how long it is. */
const MOST_A_BATCH = 100_000;

/** The streams that a client reads in its transaction, by the numbers it has been given for them. */
export class ServedStreams {
  readonly #open = new Map<number, AsyncIterator<Columns>>();
  #serial = 0;

  /** @throws {LimitError} when too many are open @throws {MisuseError} QUERY_BOUND when a batch would be too large */
  begin(session: Session, query: Query, options: StreamOptions | undefined): number {
    if (this.#open.size >= MOST_OPEN) throw new LimitError(`A transaction reads ${String(MOST_OPEN)} streams at a time`, 'Read them to their ends, or leave their loops.');
    if ((options?.batchSize ?? 0) > MOST_A_BATCH) throw new MisuseError('QUERY_BOUND', `A server reads a stream in batches of no more than ${String(MOST_A_BATCH)} records, and ${String(options?.batchSize)} were asked for. Give a smaller batchSize, or leave it out for 1000.`);
    this.#serial += 1;
    this.#open.set(this.#serial, session.stream(query, options)[Symbol.asyncIterator]());
    return this.#serial;
  }

  /** The next batch; null behind the end. One is asked for at a time, so that nobody is sent more than it takes. */
  async next(number: number): Promise<Columns | null> {
    const next = await this.#open.get(number)?.next();
    if (next && next.done !== true) return next.value;
    this.#open.delete(number);
    return null;
  }

  /** Reads one no further: its client has left the loop. */
  async leave(number: number): Promise<void> {
    const stream = this.#open.get(number);
    this.#open.delete(number);
    await stream?.return?.();
  }
}
