import { OutageError } from '@ormolu/kernel';

/**
 * Some keys are where nobody answers, while others of the same server can be had. All else that the call was about is done; of these keys nobody knows.
 *
 * It says nothing about the server as a whole.
 */
export class UnreachedError extends OutageError {
  readonly keys: readonly string[];

  constructor(keys: readonly string[], cause: unknown) {
    super('TIER_UNAVAILABLE', `${String(keys.length)} keys are on a node that cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.keys = keys;
  }
}

/** Makes a call for each key. @returns what came of each; null for those that are where nobody answers, as long as not all are @throws {UnreachedError} when all are */
export async function reached<T>(keys: readonly string[], call: (key: string) => Promise<T>): Promise<readonly (T | null)[]> {
  let [left, cause]: [number, unknown] = [keys.length, undefined];
  const answers = await Promise.all(keys.map((key) => call(key).catch((error: unknown) => {
    if (!(error instanceof UnreachedError)) throw error;
    left -= 1;
    ({ cause } = error);
    return null;
  })));
  if (left === 0 && keys.length > 0) throw new UnreachedError(keys, cause);
  return answers;
}

/** The same for what must be done to all. @throws {UnreachedError} when it was not done to some, once it is done to the others */
export async function doneToAll<T>(keys: readonly string[], call: (key: string, place: number) => Promise<T>): Promise<readonly (T | undefined)[]> {
  const unreached: string[] = [];
  let cause: unknown;
  const answers = await Promise.all(keys.map((key, place) => call(key, place).catch((error: unknown) => {
    if (!(error instanceof UnreachedError)) throw error;
    unreached.push(key);
    ({ cause } = error);
    return undefined;
  })));
  if (unreached.length > 0) throw new UnreachedError(unreached, cause);
  return answers;
}
