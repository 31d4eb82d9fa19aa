import type { FolderOutcome } from './run-folder';

/** The lines to print: per file its count and its failures, then the sum. */
export function* report({ files, failures }: FolderOutcome): Generator<string> {
  let passed = 0;
  for (const file of files) {
    passed += file.passed;
    yield `${file.file}: ${file.passed} passed, ${file.failures.length} failed`;
    for (const { scenario, difference } of file.failures) yield `  ${scenario}: ${difference}`;
  }
  yield `${passed} passed, ${failures} failed`;
}
