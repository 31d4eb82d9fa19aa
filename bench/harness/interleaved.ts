import { SideHandle } from './side';
import type { Role } from './side-messages';

/** What a role gave in each round, as far as it came. */
export interface Played {
  readonly rounds: readonly (readonly number[])[];
  readonly error: string | undefined;
}

/** The figure of each round, for what has one. */
export function onlyFigures(played: Played | undefined): number[] {
  if (played?.error !== undefined) throw new Error(played.error);
  return (played?.rounds ?? []).map(([figure = NaN]) => figure);
}

/** The figures of each role, round by round; within a round the roles take turns, every other round backwards. What fails is asked no more. */
export async function interleaved(roles: readonly Role[], rounds: number): Promise<Played[]> {
  const sides: (SideHandle | undefined)[] = [];
  const played = roles.map(() => ({ rounds: [] as (readonly number[])[], error: undefined as string | undefined }));
  try {
    // One after the other: two setups at once would warm each other's caches and clocks.
    for (const [index, role] of roles.entries()) sides.push(await orFailed(SideHandle.open(role), role, played[index]));
    for (let round = 0; round < rounds; round += 1) {
      const order = roles.map((role, index) => ({ role, index }));
      if (round % 2 === 1) order.reverse();
      for (const { role, index } of order) {
        const of = played[index];
        const side = sides[index];
        if (of === undefined || side === undefined || of.error !== undefined) continue;
        const figures = await orFailed(side.round(), role, of);
        if (figures !== undefined) of.rounds.push(figures);
      }
    }
    return played;
  } finally {
    // That a peer cannot be closed does not matter any more.
    await Promise.all(sides.map((side, index) => orFailed(side?.close() ?? Promise.resolve(), roles[index], played[index])));
  }
}

/** A peer's failure is its own; that of a base or of ours ends the case. */
async function orFailed<T>(asked: Promise<T>, role: Role | undefined, played: { error: string | undefined } | undefined): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (role?.side !== 'peer' || played === undefined) throw error;
    played.error ??= messageOf(error);
    return undefined;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
