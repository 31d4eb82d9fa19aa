import { COUNTED } from './orm/statement-log';
import type { StatementFigures } from './orm/statement-figures';
import type { FolderOutcome } from './run-folder';

/** The lines to print: what was sent to the database, per file its count and its failures, what was left aside, then the sum. */
export function* report({ files, skipped, failures, statements }: FolderOutcome): Generator<string> {
  let passed = 0;
  if (statements.size > 0) yield 'Statements, ours / the fewest and the most of the recorded servers:';
  for (const [scenario, figures] of statements) yield `  ${scenario}: ${counts(figures)}`;
  for (const file of files) {
    passed += file.passed;
    yield `${file.file}: ${file.passed} passed, ${file.failures.length} failed`;
    for (const { scenario, difference } of file.failures) yield `  ${scenario}: ${difference}`;
  }
  if (skipped.length > 0) yield `not looked into: ${skipped.join(', ')}`;
  yield `${passed} passed, ${failures} failed`;
}

function counts({ ours, recorded }: StatementFigures): string {
  return COUNTED.map((kind) => {
    const theirs = recorded.map((one) => one[kind]);
    const [least, most] = [Math.min(...theirs), Math.max(...theirs)];
    return `${kind} ${ours[kind]}/${least === most ? least : `${least}-${most}`}`;
  }).join(', ');
}
