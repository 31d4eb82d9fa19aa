/** How many turns of the microtask queue a call beside another may come later: some fall between each two statements of any call in these tests. */
export function turnsBelow(end: number): readonly number[] {
  return Array.from({ length: end }, (_, turns) => turns);
}

/** Few of them, each about half as much again as the one before: from some turn on, all fall into the wait for a database's first answer. */
export function fewTurnsBelow(end: number): readonly number[] {
  return [0, 1, 2, 3, 5, 8, 13, 21, 34, 55].filter((turns) => turns < end);
}

/** Does some work so many turns of the microtask queue later. */
export async function later<T>(turns: number, work: () => T): Promise<Awaited<T>> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
  return await work();
}
