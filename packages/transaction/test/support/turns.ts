/** All the turns a call beside another may come later: some fall between each two statements of any call in these tests. */
export const EVERY_TURN: readonly number[] = Array.from({ length: 41 }, (_, turns) => turns);

/** Does some work so many turns of the microtask queue later. */
export async function later<T>(turns: number, work: () => T): Promise<Awaited<T>> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
  return await work();
}
