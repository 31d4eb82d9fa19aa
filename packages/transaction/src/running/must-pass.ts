import { NotLoadedError, QueryNotLoadedError, TriggerPendingError } from '../errors';
import { isSuspension } from './suspension';
import type { Transaction } from '../transaction';

/** Whether an error is not the fault of the user's function that it comes through: the reader must wait, or be told what to load. */
export function mustPass(tx: Transaction, error: unknown): boolean {
  return isSuspension(error) || error instanceof NotLoadedError || error instanceof TriggerPendingError || error instanceof QueryNotLoadedError || tx.execution?.isWaiting === true;
}
