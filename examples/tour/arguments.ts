import { isAbsolute, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const HELP = `The tour: Ormolu on real records, in a database of its own.

  npm start                    prints what is asked, what it takes and which rung answers
  npm start -- --json          the same as one JSON document on stdout
  npm start -- --data DIR      keeps the database in DIR (default: .data/tour); remove it to begin anew
  npm start -- --help          this text
`;

/** What the tour was asked to do. */
export interface TourArguments {
  readonly json: boolean;
  readonly help: boolean;
  /** Where the database lives, as a person here would type it. */
  readonly data: string;
}

/** Arguments that the tour does not take. */
export class ArgumentsError extends Error {}

/** @throws {ArgumentsError} for an unknown argument, or one without its value */
export function tourArguments(args: readonly string[]): TourArguments {
  try {
    const { values: { json = false, help = false, data } } = parseArgs({ args: [...args], options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, data: { type: 'string' } } });
    if (data === '') throw new Error("Option '--data <value>' is empty");
    return { json, help, data: fromHere(data ?? join(__dirname, '..', '..', '.data', 'tour')) };
  } catch (error) {
    throw new ArgumentsError(`${error instanceof Error ? error.message : String(error)}. See npm start -- --help.`, { cause: error });
  }
}

/** A path below the working directory relative to it, any other as it is. */
function fromHere(path: string): string {
  const short = relative(process.cwd(), resolve(path)) || '.';
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}
