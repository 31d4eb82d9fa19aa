import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OrmoluError } from '@ormolu/kernel';
import type { Parts, ScenarioDepartures } from './departures';

/** One thing to replay, whatever its format. */
export interface Scenario {
  /** Unique in a folder; departures name it. */
  readonly name: string;
  /** Replays it. @returns the first difference, or undefined when all is as expected */
  run(departures: ScenarioDepartures): string | undefined;
}

/** A format of recordings, by the name that stands in its files. */
export interface Format {
  readonly name: string;
  /** @param source - the file's name without extension, for the names of its scenarios */
  scenarios(file: unknown, source: string): Iterable<Scenario>;
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

function recordedClass(error: unknown): string {
  const code = OrmoluError.is(error) || error instanceof KeyAbsentError ? error.code : undefined;
  const found = Object.entries(CODES).find(([, codes]) => code !== undefined && codes.includes(code));
  if (found === undefined) throw error;
  return found[0];
}

/** The part of a recorded operation that says what came of it. */
export function recordedOutcome(op: Readonly<Record<string, unknown>>): Parts {
  return 'error' in op ? { error: op['error'] } : { result: op['result'] };
}
