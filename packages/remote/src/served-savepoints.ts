import { SavepointGoneError, type Session, type SessionSavepoint } from '@ormolu/kernel';
import { LimitError } from './errors';

/** Savepoints a session may have open. */
const MOST_OPEN = 10_000;

/** The savepoints of a client's transaction, by the numbers it has been given for them: one set later has a higher one. */
export class ServedSavepoints {
  readonly #open = new Map<number, SessionSavepoint>();
  #serial = 0;

  /** The number of the one set last, whether it is still there or not; 0: none was. */
  get last(): number {
    return this.#serial;
  }

  /** @throws {LimitError} when too many are open */
  async set(session: Session): Promise<number> {
    if (this.#open.size >= MOST_OPEN) throw new LimitError(`A transaction has ${String(MOST_OPEN)} savepoints`, 'Release those that are not returned to.');
    const savepoint = await session.savepoint();
    this.#serial += 1;
    this.#open.set(this.#serial, savepoint);
    return this.#serial;
  }

  /** @throws {SavepointGoneError} when it is not there any more */
  async release(session: Session, number: number): Promise<void> {
    await session.release(this.#of(number, 'release'));
    this.#dropFrom(number);
  }

  /** @throws {SavepointGoneError} when it is not there any more */
  async rollbackTo(session: Session, number: number): Promise<void> {
    await session.rollbackTo(this.#of(number, 'rollbackTo'));
    this.#dropFrom(number);
  }

  #of(number: number, call: string): SessionSavepoint {
    const savepoint = this.#open.get(number);
    if (!savepoint) throw new SavepointGoneError(call);
    return savepoint;
  }

  /** It goes, and those inside it with it. */
  #dropFrom(number: number): void {
    for (const one of this.#open.keys()) if (one >= number) this.#open.delete(one);
  }
}
