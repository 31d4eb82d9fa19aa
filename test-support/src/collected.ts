import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** So many times at most, where memory goes on to change. */
const MOST_TURNS = 20;
/** Two looks that lie no farther apart are the same. */
const SAME_BYTES = 20_000;

/** Collects until what nobody holds is gone, those who wait for that have been told, and the bytes held stay as they are. @returns them */
export async function collected(): Promise<number> {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void; // what the flag puts there
  }
  let held = Infinity;
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    collect();
    const { heapUsed, external } = process.memoryUsage();
    const before = held;
    held = heapUsed + external;
    if (turn >= 3 && Math.abs(before - held) <= SAME_BYTES) break;
  }
  return held;
}
