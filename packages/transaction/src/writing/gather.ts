import type { Environment } from '../environment/environment';
import { meetCompany } from '../environment/keyed-fields';
import { run } from '../running/run';
import { WriteBatch } from './write-batch';

/**
 * Fills a batch. Defaults may read what is not in memory: then it is begun anew when that has been fetched.
 *
 * @throws what filling throws; then nothing was done
 */
export async function gather<T>(env: Environment, fill: (batch: WriteBatch) => T): Promise<{ readonly batch: WriteBatch; readonly made: T }> {
  await meetCompany(env);
  return run(env.transaction, () => {
    const batch = new WriteBatch(env);
    return { batch, made: fill(batch) };
  });
}
