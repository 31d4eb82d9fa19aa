import type { Isolation } from '@ormolu/kernel';

/** What is counted at each isolation level. */
export interface LevelCounts {
  /** Answers compared with those of the database in the same transaction: one for each record, and one for each question. */
  readonly reads: number;
  /** Of them, those that a cache gave. */
  readonly hits: number;
}

/** What a worker has to tell since it last did. */
export interface Report {
  readonly levels: Readonly<Record<Isolation, LevelCounts>>;
  /** Of the hits, records that another process had changed within the last second. */
  readonly fresh: number;
  /** Of the answers compared: those that the shared rung was asked for, those of them that it gave, and the records among these that another process had changed within the last second. */
  readonly sharedAsked: number;
  readonly sharedHits: number;
  readonly sharedFresh: number;
  /** Why the shared rung did not answer, and how often, also where nothing was compared. */
  readonly sharedMisses: Readonly<Record<string, number>>;
  /** What nobody can say: at READ COMMITTED, what changed twice meanwhile; tables emptied under an older snapshot. */
  readonly undecided: number;
  readonly transactions: number;
  readonly commits: number;
  /** Serializable transactions that wrote by what only a cache had told them, and committed. */
  readonly shifts: number;
  /** The first answers that were wrong. */
  readonly differences: readonly string[];
}

/** A report in the making. */
export type Tally = { -readonly [Key in Exclude<keyof Report, 'levels' | 'sharedMisses' | 'differences'>]: Report[Key] } & {
  readonly levels: Record<Isolation, { -readonly [Key in keyof LevelCounts]: LevelCounts[Key] }>;
  readonly sharedMisses: Record<string, number>;
  readonly differences: string[];
};

export function emptyTally(): Tally {
  return {
    levels: { 'read committed': { reads: 0, hits: 0 }, 'repeatable read': { reads: 0, hits: 0 }, serializable: { reads: 0, hits: 0 } },
    fresh: 0, sharedAsked: 0, sharedHits: 0, sharedFresh: 0, sharedMisses: {}, undecided: 0, transactions: 0, commits: 0, shifts: 0, differences: [],
  };
}

/** Adds what a worker tells to what others told. */
export function addReport(sum: Tally, { levels, sharedMisses, differences, ...counts }: Report): void {
  for (const [level, { reads, hits }] of Object.entries(levels)) {
    const own = sum.levels[level as Isolation]; // a report's own keys
    own.reads += reads;
    own.hits += hits;
  }
  for (const [name, count] of Object.entries(counts)) sum[name as keyof typeof counts] += count; // the same
  for (const [reason, count] of Object.entries(sharedMisses)) sum.sharedMisses[reason] = (sum.sharedMisses[reason] ?? 0) + count;
  sum.differences.push(...differences);
}

/** All levels together. */
export function totals({ levels }: Pick<Report, 'levels'>): LevelCounts {
  const all = Object.values(levels);
  return { reads: all.reduce((sum, { reads }) => sum + reads, 0), hits: all.reduce((sum, { hits }) => sum + hits, 0) };
}
