import type { RungStats } from 'ormolu';

/** What came out of a step. */
export interface Found {
  /** For people, line by line. */
  readonly found: readonly string[];
  /** The same for machines. */
  readonly figures?: Readonly<Record<string, number | boolean>>;
}

/** One thing the tour did: what was asked, and what it took. */
export interface TourStep extends Required<Found> {
  readonly name: string;
  readonly asked: string;
  readonly ms: number;
  /** Statements the database saw, those that begin and end transactions included. */
  readonly statements: number;
  /** Which rung answered, and how often. */
  readonly answeredBy: string;
}

/** Where the tour's results go: to a person's terminal, to a file, or to a machine. */
export interface Report {
  step(step: TourStep): void;
  rungs(rungs: readonly RungStats[]): void;
  end(totalMs: number): void;
}

/** For people: colours only where there is a terminal to show them. */
export function textReport(out: NodeJS.WritableStream & { isTTY?: boolean }): Report {
  const paint = (code: number, text: string): string => (out.isTTY && process.env['NO_COLOR'] === undefined ? `\u001b[${String(code)}m${text}\u001b[0m` : text);
  return {
    step({ name, asked, ms, statements, answeredBy, found }) {
      out.write(`\n${paint(1, name)}\n  asked    ${asked}\n  took     ${duration(ms)}, ${String(statements)} statement${statements === 1 ? '' : 's'}\n  answered ${answeredBy}\n`);
      for (const line of found) out.write(`  ${paint(36, '→')} ${line}\n`);
    },
    rungs(rungs) {
      out.write(`\n${paint(1, 'The ladder, from the top')}\n`);
      const rows = [['rung', 'questions', 'records', 'answered', 'share'], ...rungs.map(rungRow)];
      const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
      for (const row of rows) out.write(`  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}\n`);
    },
    end(totalMs) {
      out.write(`\nDone in ${duration(totalMs)}. Run it again: the data stays where it is. Follow a read through the code in docs/ladder.md.\n`);
    },
  };
}

/** For machines: one JSON document at the end. */
export function jsonReport(out: NodeJS.WritableStream): Report {
  const steps: TourStep[] = [];
  let ladder: readonly RungStats[] = [];
  return {
    step: (step) => void steps.push(step),
    rungs: (rungs) => void (ladder = rungs),
    end: (totalMs) => void out.write(`${JSON.stringify({ steps, rungs: ladder, totalMs }, null, 2)}\n`),
  };
}

export function duration(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

export function thousands(count: number): string {
  return count.toLocaleString('en-US');
}

function rungRow({ rung, questions, records, hits }: RungStats): readonly string[] {
  const share = records === 0 ? '–' : `${((100 * hits) / records).toFixed(1)} %`;
  return [rung, thousands(questions), thousands(records), thousands(hits), share];
}
