// Runs every case of the fixture, as the command would, and prints the results; started by run-case.test.ts.
import { join } from 'node:path';
import { loadBench } from '../load-bench';
import { runCase, type CaseResult } from '../run-case';

async function main(): Promise<void> {
  const file = join(__dirname, 'fixtures', 'all-kinds.bench.ts');
  const results: CaseResult[] = [];
  for (const [caseIndex, benchCase] of loadBench(file).cases.entries()) results.push(await runCase(benchCase, { file, caseIndex }));
  console.log(JSON.stringify(results));
}

void main();
