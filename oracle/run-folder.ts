import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Departures } from './departures';
import { cacheTraces } from './formats/cache-traces';
import { structureTraces } from './formats/structure-traces';
import type { Format, Scenario } from './scenario';

/** Every format that can be replayed; a new one is one line here. */
const FORMATS: readonly Format[] = [cacheTraces, structureTraces];
const DEPARTURES = 'departures.json';

export interface Failure {
  readonly scenario: string;
  readonly difference: string;
}

export interface FileOutcome {
  readonly file: string;
  readonly passed: number;
  readonly failures: readonly Failure[];
}

export interface FolderOutcome {
  readonly files: readonly FileOutcome[];
  readonly failures: number;
}

/** Replays every recording of a folder. What cannot be read or replayed is a failure of its file. */
export function runFolder(folder: string): FolderOutcome {
  const files: FileOutcome[] = [];
  let departures = new Departures();
  try {
    const path = join(folder, DEPARTURES);
    if (existsSync(path)) departures = new Departures(JSON.parse(readFileSync(path, 'utf8')));
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.json') && name !== DEPARTURES).sort()) {
      files.push(runFile(folder, file, departures));
    }
    if (files.length === 0) files.push(broken(folder, 'there is no recording in this folder'));
    for (const scenario of departures.unmet()) files.push(broken(DEPARTURES, `no recording here has a scenario '${scenario}'`));
  } catch (error) {
    files.push(broken(folder, messageOf(error)));
  }
  return { files, failures: files.reduce((sum, { failures }) => sum + failures.length, 0) };
}

function runFile(folder: string, file: string, departures: Departures): FileOutcome {
  const failures: Failure[] = [];
  let passed = 0;
  try {
    for (const scenario of scenariosOf(join(folder, file), file.replace(/\.json$/, ''))) {
      const difference = runScenario(scenario, departures);
      if (difference === undefined) passed += 1;
      else failures.push({ scenario: scenario.name, difference });
    }
  } catch (error) {
    failures.push({ scenario: file, difference: messageOf(error) });
  }
  return { file, passed, failures };
}

function scenariosOf(path: string, source: string): Iterable<Scenario> {
  const data: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const name = typeof data === 'object' && data !== null && 'format' in data ? data.format : undefined;
  const format = FORMATS.find((one) => one.name === name);
  if (format === undefined) {
    const said = name === undefined ? 'It names no format' : `Its format ${JSON.stringify(name)} is not known`;
    throw new Error(`${said}. Formats: ${FORMATS.map((one) => one.name).join(', ')}.`);
  }
  return format.scenarios(data, source);
}

function runScenario(scenario: Scenario, departures: Departures): string | undefined {
  const own = departures.of(scenario.name);
  try {
    const difference = scenario.run(own);
    const [unmet] = own.unmet();
    return difference ?? (unmet === undefined ? undefined : `departures.json names step ${unmet}, which was not compared`);
  } catch (error) {
    return messageOf(error);
  }
}

function broken(file: string, difference: string): FileOutcome {
  return { file, passed: 0, failures: [{ scenario: file, difference }] };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
