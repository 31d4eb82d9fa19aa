import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OrmoluError, type Storage } from '@ormolu/kernel';
import type { Parts, ScenarioDepartures } from './departures';
import type { StatementFigures } from './orm/statement-figures';

/** One thing to replay, whatever its format. */
export interface Scenario {
  /** Unique in a folder; departures name it. */
  readonly name: string;
  /** Replays it. @returns the first difference, or undefined when all is as expected */
  run(departures: ScenarioDepartures): Promise<string | undefined> | string | undefined;
}

/** What files of one folder know of each other. */
export interface Folder {
  /** The contents of every recording, by file name. */
  readonly files: ReadonlyMap<string, unknown>;
  /** What replayed scenarios have sent to the database, by their names. */
  readonly statements: Map<string, StatementFigures>;
  /** A database to replay on, empty for the first who asks; who opens it closes it. */
  readonly open: () => Storage;
}

/** A format of recordings. */
export interface Format {
  /** The name that stands in its files. */
  readonly name: string;
  /** Tells files that name no format. */
  isOf?(file: unknown, source: string): boolean;
  /** @param source - the file's name without extension, for the names of its scenarios */
  scenarios(file: unknown, source: string, folder: Folder): Iterable<Scenario>;
  /** Lets go of what replaying took. */
  close?(): Promise<void>;
}

/** A recording says something that this runner does not know. It is a failure, never skipped. */
export class UnknownRecordingError extends Error {}

/** What the recorded servers raise where our call just answers "there is none". */
export class KeyAbsentError extends Error {
  readonly code = 'KEY_ABSENT';
}

/** Recorded error class → the codes of what the same misuse gives here. */
const CODES = JSON.parse(readFileSync(join(__dirname, 'error-classes.json'), 'utf8')) as Readonly<Record<string, readonly string[]>>; // our own file

/** Runs an operation and tells what came of it in the words of a recording. */
export function outcomeOf(operation: () => unknown): Parts {
  try {
    return { result: operation() ?? null };
  } catch (error) {
    return { error: recordedClass(error) };
  }
}

/**
 * The same for an operation that waits. Of an error that no recorded class stands for, the code is told.
 *
 * @param recorded - the class recorded, if any: one code may stand for several classes
 */
export async function outcomeOfWaiting(operation: () => unknown, recorded?: string): Promise<Parts> {
  try {
    return { result: (await operation()) ?? null };
  } catch (error) {
    const own = recorded !== undefined && classesOf(error).includes(recorded) ? recorded : knownClass(error);
    return { error: own ?? (OrmoluError.is(error) ? error.code : recordedClass(error)) };
  }
}

function recordedClass(error: unknown): string {
  const found = knownClass(error);
  if (found === undefined) throw error;
  return found;
}

/** The recorded class of an error, or of what caused it. */
function knownClass(error: unknown): string | undefined {
  return classesOf(error)[0];
}

/** Every recorded class that an error may stand for, or else those of what caused it. */
function classesOf(error: unknown): readonly string[] {
  for (let here = error; here instanceof Error; here = here.cause) {
    const code = 'code' in here ? here.code : undefined;
    const found = Object.entries(CODES).flatMap(([name, codes]) => (typeof code === 'string' && codes.includes(code) ? [name] : []));
    if (found.length > 0) return found;
  }
  return [];
}

/** @throws {UnknownRecordingError} when nothing is said of what stands for a recorded class here */
export function assertKnownClass(name: unknown): void {
  if (typeof name !== 'string' || !Object.hasOwn(CODES, name)) throw new UnknownRecordingError(`there is no error class '${String(name)}'`);
}

/** The part of a recorded operation that says what came of it. */
export function recordedOutcome(op: Readonly<Record<string, unknown>>): Parts {
  return 'error' in op ? { error: op['error'] } : { result: op['result'] };
}
