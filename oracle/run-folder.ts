import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Departures } from './departures';
import { cacheTraces } from './formats/cache-traces';
import { ormScenarios } from './formats/orm-scenarios';
import { sqlCounts } from './formats/sql-counts';
import { structureTraces } from './formats/structure-traces';
import type { Folder, Format, Scenario } from './scenario';
import { pglite, type Storage } from 'ormolu';

/** Every format that can be replayed; a new one is one line here. */
const FORMATS: readonly Format[] = [cacheTraces, structureTraces, ormScenarios, sqlCounts];
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
  /** What else is in the folder and was not looked into: folders end in a slash. */
  readonly skipped: readonly string[];
  /** What the scenarios have sent to the database. */
  readonly statements: Folder['statements'];
  readonly failures: number;
}

/**
 * Replays every recording of a folder. What cannot be read or replayed is a failure of its file.
 *
 * @param open - the database to replay on, where a recording takes one
 */
export async function runFolder(path: string, open: () => Storage = () => pglite()): Promise<FolderOutcome> {
  const files: FileOutcome[] = [];
  const statements: Folder['statements'] = new Map();
  const skipped: string[] = [];
  try {
    const departures = existsSync(join(path, DEPARTURES)) ? new Departures(readJson(path, DEPARTURES)) : new Departures();
    const entries = readdirSync(path, { withFileTypes: true });
    const names = entries.filter((entry) => !entry.isDirectory() && entry.name.endsWith('.json')).map(({ name }) => name).sort();
    skipped.push(...entries.filter(({ name }) => !names.includes(name)).map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort());
    const recordings = names.filter((name) => name !== DEPARTURES).map((file) => readRecording(path, file));
    const folder: Folder = { files: new Map(recordings.map(({ file, data }) => [file, data])), statements, open };
    // Those that look at what others have sent come behind them.
    for (const recording of recordings.sort((a, b) => rank(a) - rank(b))) files.push(await runFile(recording, folder, departures));
    if (files.length === 0) files.push(broken(path, 'there is no recording in this folder'));
    for (const scenario of departures.unmet()) files.push(broken(DEPARTURES, `no recording here has a scenario '${scenario}'`));
  } catch (error) {
    files.push(broken(path, messageOf(error)));
  } finally {
    for (const format of FORMATS) await format.close?.();
  }
  return { files, skipped, statements, failures: files.reduce((sum, { failures }) => sum + failures.length, 0) };
}

/** A file as it was read, or why it could not be. */
interface Recording {
  readonly file: string;
  readonly data: unknown;
  readonly format: Format | undefined;
  readonly problem: string | undefined;
}

function readJson(path: string, file: string): unknown {
  return JSON.parse(readFileSync(join(path, file), 'utf8'));
}

function readRecording(path: string, file: string): Recording {
  try {
    const data = readJson(path, file);
    const name = typeof data === 'object' && data !== null && 'format' in data ? data.format : undefined;
    const format = FORMATS.find((one) => (name === undefined ? one.isOf?.(data, file) === true : one.name === name));
    const said = name === undefined ? 'It names no format' : `Its format ${JSON.stringify(name)} is not known`;
    return { file, data, format, problem: format ? undefined : `${said}. Formats: ${FORMATS.map((one) => one.name).join(', ')}.` };
  } catch (error) {
    return { file, data: undefined, format: undefined, problem: messageOf(error) };
  }
}

function rank({ format }: Recording): number {
  return format ? FORMATS.indexOf(format) : FORMATS.length;
}

async function runFile({ file, data, format, problem = '' }: Recording, folder: Folder, departures: Departures): Promise<FileOutcome> {
  if (!format) return broken(file, problem);
  const failures: Failure[] = [];
  let passed = 0;
  try {
    for (const scenario of format.scenarios(data, file.replace(/\.json$/, ''), folder)) {
      const difference = await runScenario(scenario, departures);
      if (difference === undefined) passed += 1;
      else failures.push({ scenario: scenario.name, difference });
    }
  } catch (error) {
    failures.push({ scenario: file, difference: messageOf(error) });
  }
  if (passed + failures.length === 0) return broken(file, `it holds not one scenario of ${format.name}`);
  return { file, passed, failures };
}

async function runScenario(scenario: Scenario, departures: Departures): Promise<string | undefined> {
  const own = departures.of(scenario.name);
  try {
    const difference = await scenario.run(own);
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
