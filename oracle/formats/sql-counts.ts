import { tooMany } from '../orm/statement-figures';
import type { StatementCounts } from '../orm/statement-log';
import type { Format } from '../scenario';

/** Scenario → version → statements. */
type CountsFile = Readonly<Record<string, Readonly<Record<string, StatementCounts>>>>;

const FILE = /^orm-sql-counts.*\.json$/;

/** What all recorded versions sent in a scenario, by the files of a folder that tell it. */
export function recordedCounts(files: ReadonlyMap<string, unknown>, scenario: string): readonly StatementCounts[] {
  return [...files].flatMap(([file, data]) => (FILE.test(file) ? Object.values((data as CountsFile)[scenario] ?? {}) : []));
}

/** How many statements each recorded version sent: ours are never more than the fewest. Scenarios that are not among the folder's have nothing to compare. */
export const sqlCounts: Format = {
  name: 'orm-sql-counts',
  isOf: (data, file) => FILE.test(file) && typeof data === 'object' && data !== null && !Array.isArray(data),
  *scenarios(data, source, folder) {
    const replayed = Object.keys(data as CountsFile).filter((name) => folder.statements.has(name));
    if (replayed.length === 0) throw new Error('none of its scenarios was replayed from this folder');
    for (const name of replayed) {
      yield {
        name: `${source}/${name}`,
        run() {
          const figures = folder.statements.get(name);
          return figures && tooMany(figures);
        },
      };
    }
  },
};
