import type { SoakResult } from './director';

const SECOND_MS = 1_000;

/** What a run came to, in words. */
export function soakFigures({ reads, hits, fresh, levels, sharedAsked, sharedHits, sharedFresh, sharedMisses, cacheFaults, serverKills, undecided, differences, kills, stops, foreignWrites, transactions, commits, shifts, ms }: SoakResult): string {
  const share = (part: number, whole: number): string => `${(100 * part / Math.max(1, whole)).toFixed(0)} %`;
  return [
    `${String(reads)} answers compared in ${(ms / SECOND_MS).toFixed(0)} s, ${share(hits, reads)} of them hits, of which ${share(fresh, hits)} on records that another process had changed within the last second; ${String(differences.length)} differences, ${String(undecided)} undecided`,
    ...Object.entries(levels).map(([level, own]) => `  ${level}: ${String(own.reads)} answers, ${share(own.hits, own.reads)} hits`),
    `  ${String(commits)} of ${String(transactions)} transactions committed, ${String(shifts)} of them serializable writers that had read from the cache alone; ${String(foreignWrites)} foreign writes, ${String(kills)} kills, ${String(stops)} stops`,
    ...(serverKills === 0 ? [] : [`  the server of the clients was killed ${String(serverKills)} times`]),
    ...(sharedAsked === 0 ? [] : [`  the shared rung was asked for ${String(sharedAsked)} of them, ${share(sharedHits, sharedAsked)} hits, of which ${share(sharedFresh, sharedHits)} on records that another process had changed within the last second; ${String(cacheFaults)} faults of its server`,
      `    not answered: ${Object.entries(sharedMisses).sort(([, one], [, other]) => other - one).map(([reason, count]) => `${reason} ${String(count)}`).join(', ')}`]),
  ].join('\n');
}
