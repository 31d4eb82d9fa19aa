import { RunError } from '../errors';
import type { Transaction } from '../transaction';

/** @see Transaction.assertOutsideRun */
export function assertOutsideRun({ inverses, computes, execution }: Transaction, call: string): void {
  const where = inverses.isRunning ? 'an inverse' : computes.isRunning ? 'a compute' : execution ? 'env.run()' : undefined;
  if (where === undefined) return;
  throw new RunError(
    'RUN_ASYNC_CALL',
    `${call}() was called inside ${where}. Nothing there may return a promise: read plain properties, and call ${call}() before or after.`,
    { details: { call } },
  );
}
