import { COUNTED, type StatementCounts } from './statement-log';

/** What one scenario has sent to the database, beside what the recorded servers sent. */
export interface StatementFigures {
  readonly ours: StatementCounts;
  /** A departure's: statements that the recorded servers do not need, because they do not do what they are sent for. */
  readonly excess: StatementCounts;
  /** Of each recorded version. */
  readonly recorded: readonly StatementCounts[];
}

/** @returns where more was sent than by the most frugal version, or undefined */
export function tooMany({ ours, excess, recorded }: StatementFigures): string | undefined {
  for (const kind of COUNTED) {
    const least = Math.min(...recorded.map((one) => one[kind]));
    if (ours[kind] > least + excess[kind]) return `${ours[kind]} statements ${kind} were sent, and a recorded server sent ${least}`;
  }
  return undefined;
}
