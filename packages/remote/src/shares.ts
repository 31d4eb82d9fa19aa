import { LimitError } from './errors';
import type { Access } from './access';
import type { LimitsInForce } from './limits';

/**
 * What clients hold together: each transaction that is open takes a connection of the database, of which there are few, and a user is no less one for coming over many connections.
 */
export class Shares {
  readonly #limits: Pick<LimitsInForce, 'maxTransactionsPerUser' | 'maxTransactionsInAll'>;
  readonly #ofUsers = new Map<number, number>();
  readonly #turns = new Map<number, Promise<unknown>>();
  #all = 0;

  constructor(limits: Pick<LimitsInForce, 'maxTransactionsPerUser' | 'maxTransactionsInAll'>) {
    this.#limits = limits;
  }

  /** @returns what gives it back, once @throws {LimitError} REMOTE_LIMIT */
  take(access: Access): () => void {
    const { maxTransactionsPerUser, maxTransactionsInAll } = this.#limits;
    if (this.#all >= maxTransactionsInAll) throw new LimitError(`The server has ${String(this.#all)} transactions open`, 'Try again when some have ended, or raise limits.maxTransactionsInAll of serve().');
    const user = access === 'worker' ? undefined : access.user;
    const own = user === undefined ? 0 : this.#ofUsers.get(user) ?? 0;
    if (user !== undefined) {
      if (own >= maxTransactionsPerUser) throw new LimitError(`This user has ${String(own)} transactions open`, 'Let some end first, or raise limits.maxTransactionsPerUser of serve(), and the connections of its database with it.');
      this.#ofUsers.set(user, own + 1);
    }
    this.#all += 1;
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      this.#all -= 1;
      if (user === undefined) return;
      const left = (this.#ofUsers.get(user) ?? 1) - 1;
      if (left === 0) this.#ofUsers.delete(user);
      else this.#ofUsers.set(user, left);
    };
  }

  /** Does what takes a connection of the database for a moment, for a user one after the other, however many connections he has. */
  async inTurn<T>(access: Access, work: () => Promise<T>): Promise<T> {
    if (access === 'worker') return work();
    const { user } = access;
    const done = (this.#turns.get(user) ?? Promise.resolve()).then(work);
    const turn = done.catch(() => undefined);
    this.#turns.set(user, turn);
    try {
      return await done;
    } finally {
      if (this.#turns.get(user) === turn) this.#turns.delete(user);
    }
  }
}
