import type { Session } from '@ormolu/kernel';
import { TransactionStateError } from './errors';

/**
 * What a transaction is doing. The moves: `open ⇄ flushing`, `open → committing → closed`, `open | committing | failed → closed`
 * (roll back), and any state but `closed` → `failed` when the database said that the transaction is lost.
 */
export type TransactionState = 'open' | 'flushing' | 'committing' | 'failed' | 'closed';

/** Which calls each state allows. One place, so that an error can name both. */
const ALLOWED: Readonly<Record<TransactionState, ReadonlySet<string>>> = {
  open: new Set(['read', 'write', 'flush', 'savepoint', 'commit', 'rollback', 'clear', 'reset']),
  flushing: new Set(['read', 'write', 'recompute']),
  committing: new Set(['read', 'write', 'flush', 'rollback', 'savepoint']),
  failed: new Set(['rollback']),
  closed: new Set(['rollback']),
};

const REMEDY: Readonly<Record<TransactionState, string>> = {
  open: '',
  flushing: 'Await the running flush first.',
  committing: 'Nothing can follow the commit; do it before.',
  failed: 'A statement failed outside a savepoint, so the database takes nothing more: let the transaction roll back, and put work that may fail into tx.savepoint(…).',
  closed: 'Keep ids, not records, and browse them in a new db.transaction(…).',
};

/**
 * Refuses a call that the state does not allow.
 *
 * @throws {TransactionStateError} TX_STATE naming call and state
 */
export function assertAllowed(state: TransactionState, call: string): void {
  if (ALLOWED[state].has(call)) return;
  throw new TransactionStateError('TX_STATE', `${call} is not possible while the transaction is ${state}. ${REMEDY[state]}`, {
    details: { state, call },
  });
}

/** The state that one transaction is in. */
export class Stage {
  #now: TransactionState = 'open';
  #failure: unknown;

  get now(): TransactionState {
    return this.#now;
  }

  /** What made the database give the transaction up, if it did. */
  get failure(): unknown {
    return this.#failure;
  }

  /** @throws {TransactionStateError} TX_STATE */
  assertAllows(call: string): void {
    assertAllowed(this.#now, call);
  }

  become(state: TransactionState): void {
    this.#now = state;
  }

  /** Is in a state for as long as work takes. A failed statement may have ended the database transaction meanwhile; that stays so. */
  async during(state: TransactionState, work: () => Promise<void>): Promise<void> {
    const before = this.#now;
    this.#now = state;
    try {
      await work();
    } finally {
      if (this.#now === state) this.#now = before;
    }
  }

  /** After a statement failed, or a rollback to a savepoint: whether the database still takes statements. @param error - how it failed */
  follow(session: Session, error?: unknown): void {
    if (session.state === 'open') {
      if (this.#now === 'failed') this.#now = 'open';
      this.#failure = undefined;
      return;
    }
    this.#now = 'failed';
    this.#failure ??= error;
  }
}
