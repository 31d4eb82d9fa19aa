import { LimitError } from './errors';
import type { Access } from './access';
import type { LimitsInForce } from './limits';

/** A place among the transactions that are open. */
export interface Share {
  /** Once the transaction may begin. @throws {LimitError} REMOTE_LIMIT: none of the user's own has ended in time */
  readonly held: Promise<void>;
  /** Nobody wants it any more, unless it has begun. */
  leave(): void;
  /** It has ended; also of one that has not begun. A second call does nothing. */
  giveBack(): void;
}

/** What a user has. Those who wait begin in the order in which they came. */
interface Own {
  open: number;
  readonly waiting: Set<() => void>;
}

/** Transactions of a user that wait; whoever lets more wait asks for what he does not take. */
const MOST_WAITING = 1_000;

/**
 * What clients hold together: each transaction that is open takes a connection of the database, of which there are few, and a user is no less one for coming over many connections.
 * A user's transaction beyond his share waits for one of his own, as one of a local program waits for a connection of the pool.
 */
export class Shares {
  readonly #limits: Pick<LimitsInForce, 'maxTransactionsPerUser' | 'maxTransactionsInAll' | 'waitMs' | 'admissionMs'>;
  readonly #ofUsers = new Map<number, Own>();
  readonly #turns = new Map<string, Promise<unknown>>();
  #all = 0;

  constructor(limits: Pick<LimitsInForce, 'maxTransactionsPerUser' | 'maxTransactionsInAll' | 'waitMs' | 'admissionMs'>) {
    this.#limits = limits;
  }

  /** @throws {LimitError} REMOTE_LIMIT: all clients together, or those of the user that wait, are too many */
  take(access: Access): Share {
    const { maxTransactionsPerUser, maxTransactionsInAll } = this.#limits;
    if (this.#all >= maxTransactionsInAll) throw new LimitError(`The server has ${String(this.#all)} transactions open`, 'Try again when some have ended, or raise limits.maxTransactionsInAll of serve().');
    if (access === 'worker') {
      this.#all += 1;
      return { held: Promise.resolve(), leave: () => undefined, giveBack: once(() => { this.#all -= 1; }) };
    }
    const { user } = access;
    const own = this.#ofUsers.get(user) ?? { open: 0, waiting: new Set() };
    this.#ofUsers.set(user, own);
    if (own.open >= maxTransactionsPerUser) return this.#wait(user, own);
    own.open += 1;
    this.#all += 1;
    return { held: Promise.resolve(), leave: () => undefined, giveBack: once(() => { this.#end(user, own); }) };
  }

  #wait(user: number, own: Own): Share {
    if (own.waiting.size >= MOST_WAITING) throw new LimitError(`This user has ${String(own.waiting.size)} transactions that wait for others of his to end`, 'Begin fewer at once.');
    const { maxTransactionsPerUser, waitMs } = this.#limits;
    let hasBegun = false;
    let leave: () => void = () => undefined;
    const held = new Promise<void>((resolve, reject) => {
      const end = (error: LimitError): void => {
        if (own.waiting.delete(begin)) reject(error);
        clearTimeout(patience);
      };
      const begin = (): void => {
        own.waiting.delete(begin);
        clearTimeout(patience);
        hasBegun = true;
        resolve();
      };
      const patience = setTimeout(() => {
        end(new LimitError(`This user has ${String(maxTransactionsPerUser)} transactions open, and none of them has ended within ${String(waitMs)} ms`,
          'A transaction inside another waits for its own: use the one that is open. Else let some end first, or raise limits.maxTransactionsPerUser of serve(), and the connections of its database with it.'));
      }, waitMs).unref();
      own.waiting.add(begin);
      leave = () => { end(new LimitError('The client has gone', 'Nothing has begun.')); };
    });
    return {
      held, leave,
      giveBack: once(() => {
        if (hasBegun) this.#end(user, own);
        else leave();
      }),
    };
  }

  /** Whoever waits takes its place; else it is free. */
  #end(user: number, own: Own): void {
    const [next] = own.waiting;
    if (next) {
      next();
      return;
    }
    this.#all -= 1;
    own.open -= 1;
    if (own.open === 0) this.#ofUsers.delete(user);
  }

  /**
   * Does what takes a connection of the database for a moment, for a user one after the other, however many connections he has. What takes too long is not waited for by the next, and what nobody wants any more is not done.
   *
   * @param kind - of work; work of another kind does not wait for it
   */
  async inTurn<T>(access: Access, kind: string, isGone: () => boolean, work: () => Promise<T>): Promise<T> {
    if (access === 'worker') return work();
    const name = `${kind} ${String(access.user)}`;
    const before = this.#turns.get(name) ?? Promise.resolve();
    const done = before.then(() => {
      if (isGone()) throw new LimitError('The client has gone', 'Nothing was done.');
      return work();
    });
    // Its time begins when it begins.
    const turn = before.then(() => within(this.#limits.admissionMs, done));
    this.#turns.set(name, turn);
    void turn.then(() => {
      if (this.#turns.get(name) === turn) this.#turns.delete(name);
    });
    return done;
  }
}

/** Waits for work, however it ends, and no longer than that. */
function within(ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const patience = setTimeout(resolve, ms).unref();
    const end = (): void => {
      clearTimeout(patience);
      resolve();
    };
    work.then(end, end);
  });
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
