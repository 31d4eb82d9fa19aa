import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plot } from './plot';
import type { CaseResult } from './run-case';

const FOLDER = join(__dirname, '..', 'results');

/** The results of one bench file. */
export interface BenchResult {
  readonly file: string;
  readonly title: string;
  readonly cases: readonly CaseResult[];
}

/** What `bench/results/AREA.json` holds and `--json` prints. */
export interface AreaResult {
  readonly area: string;
  readonly node: string;
  readonly benches: readonly BenchResult[];
}

/** Writes the results of an area as JSON, and a plot of each case that has a curve. */
export function saveResults(result: AreaResult): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${result.area}.json`), `${JSON.stringify(result, null, 2)}\n`);
  for (const { cases } of result.benches) {
    for (const { name, curves } of cases) {
      if (curves.length > 0) writeFileSync(join(FOLDER, `${result.area}-${slug(name)}.svg`), plot(name, curves));
    }
  }
}

function slug(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
}
