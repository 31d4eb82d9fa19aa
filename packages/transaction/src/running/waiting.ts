import { FlowVariable, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { ComputingFrame } from '../computing/computing';
import { ComputeCycleError } from '../errors';
import type { Transaction } from '../transaction';

const waiting = new FlowVariable<readonly ComputingFrame[]>();

/**
 * Does what a query takes that running computes wait for.
 *
 * @param computing - the computes that have asked it, and wait
 * @param looksAt - what must be written before it is sent
 * @throws {ComputeCycleError} TX_COMPUTE_CYCLE when they wait, by way of it, for what they themselves are to give
 */
export async function whileWaiting<T>(tx: Transaction, { computing, looksAt, model }: { computing: readonly ComputingFrame[]; looksAt: ReadonlySet<Field>; model: string }, work: () => Promise<T>): Promise<T> {
  const before = waiting.current ?? [];
  for (const frame of computing) for (const field of frame.fields) refuseCycle(field, [...frame.ids], before, model);
  const frames = [...before, ...computing];
  for (const field of looksAt) if (field.compute && field.isStored) refuseCycle(field, tx.toCompute.get(field), frames, model);
  return frames.length > 0 ? waiting.run(frames, work) : work();
}

function refuseCycle(field: Field, ids: readonly Id[], frames: readonly ComputingFrame[], model: string): void {
  const waits = ids.filter((id) => frames.some((frame) => frame.holds(field, id)));
  if (waits.length > 0) throw new ComputeCycleError(field.model, field.name, waits, `a query of ${model}`);
}
