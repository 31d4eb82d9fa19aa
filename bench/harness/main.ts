// `pnpm bench [AREA] [--only TEXT] [--json] [--strict]`: runs the benches of one area, or of all. How one is written: bench.ts.
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { startServices } from '@ormolu/test-support';
import { areas, benchFiles } from './areas';
import { loadBench } from './load-bench';
import { Table } from './table';
import { runCase, type CaseResult } from './run-case';
import { saveResults, type AreaResult, type BenchResult } from './save-results';
import { exitCodeOf } from './verdict';

const USAGE = `Usage: pnpm bench [AREA] [--only TEXT] [--json] [--strict]
  AREA      one of: ${areas().join(', ')}; all of them when left out
  --only    run only the cases whose names hold TEXT; nothing is saved
  --json    print the results as JSON instead of tables
  --strict  end with exit code 1 when a case is SHORT of its target; one that is short of an aim is only told`;

/** A mistake of whoever called the command; told without a stack. */
class UsageError extends Error {}

interface Arguments {
  readonly chosen: readonly string[];
  readonly only: string;
  readonly json: boolean;
  readonly strict: boolean;
}

function readArguments(args: string[]): Arguments {
  let parsed;
  try {
    parsed = parseArgs({
      args, allowPositionals: true, options: { only: { type: 'string', default: '' }, json: { type: 'boolean', default: false }, strict: { type: 'boolean', default: false } },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const known = areas();
  const unknown = parsed.positionals.filter((area) => !known.includes(area));
  if (unknown.length > 0) throw new UsageError(`There is no bench area '${unknown.join("', '")}'.`);
  return { chosen: parsed.positionals.length > 0 ? parsed.positionals : known, ...parsed.values };
}

async function runArea(area: string, only: string, say: (line: string) => void): Promise<AreaResult> {
  const benches: BenchResult[] = [];
  for (const file of benchFiles(area)) {
    const { title, cases } = loadBench(file);
    if (!cases.some(({ name }) => name.includes(only))) continue;
    const table = new Table(cases.map(({ name }) => name));
    say(`\n${area}: ${title}`);
    say(table.head());
    const results: CaseResult[] = [];
    for (const [caseIndex, benchCase] of cases.entries()) {
      if (!benchCase.name.includes(only)) continue;
      const result = await runCase(benchCase, { file, caseIndex });
      results.push(result);
      say(table.row(result));
      for (const { name, error } of [result, ...result.rows]) if (error !== undefined) console.error(`${name}: ${error}`);
    }
    benches.push({ file: relative(process.cwd(), file), title, cases: results });
  }
  return { area, node: process.version, benches };
}

async function main(): Promise<void> {
  const { chosen, only, json, strict } = readArguments(process.argv.slice(2));
  const needsServers = chosen.flatMap((area) => benchFiles(area)).some((file) => loadBench(file).needsServers);
  const services = needsServers ? await startServices() : undefined;
  try {
    const results: AreaResult[] = [];
    for (const area of chosen) {
      const result = await runArea(area, only, json ? () => undefined : console.log);
      if (only === '') saveResults(result);
      results.push(result);
    }
    if (json) console.log(JSON.stringify(results, null, 2));
    const verdicts = results.flatMap(({ benches }) => benches.flatMap(({ cases }) => cases.map(({ verdict }) => verdict)));
    process.exitCode = exitCodeOf(verdicts, { strict });
  } finally {
    await services?.stop();
  }
}

// Whoever started the command was killed: its servers and sides go with us.
process.once('disconnect', () => process.exit(1));
process.channel?.unref();
main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? `${error.message}\n${USAGE}` : error);
  process.exitCode = 1;
});
