import { MisuseError } from '@ormolu/kernel';
import { MessageWriter } from './message-writer';
import { writeParameter, type Parameter } from './parameter';

/** A statement as it is sent: the text, and apart from it the parameters. */
export interface Statement {
  readonly text: string;
  readonly parameters: readonly Parameter[];
  /** How result values come: in binary when their types are known beforehand, as text with a description else. */
  readonly results: 'none' | 'binary' | 'described';
  /** A text of others, which may be a COPY. */
  readonly mayCopy?: boolean | undefined;
}

/** What one message to the server may weigh. */
const MAX_MESSAGE_BYTES = 0x3fffffff;
/** The protocol counts parameters in 16 bits. Lists travel as one array, so that none of our own statements comes near. */
const MAX_PARAMETERS = 65_535;

/** A statement without parameters and rows, such as BEGIN. */
export function plainStatement(text: string): Statement {
  return { text, parameters: [], results: 'none' };
}

/**
 * Writes statements as one message: one round trip, in which a failing one stops those after it.
 *
 * @throws {ValueError} STORAGE_VALUE when a value does not fit its column type
 * @throws {MisuseError} STORAGE_STATEMENT_TOO_LARGE when PostgreSQL could not take it
 */
export function writeStatements(statements: readonly Statement[]): Uint8Array {
  const bytes = written(statements, writeSync);
  if (bytes.length > MAX_MESSAGE_BYTES) throw tooLarge(`weighs ${Math.ceil(bytes.length / 1e6)} MB, PostgreSQL takes 1,073 MB`);
  return bytes;
}

/** What tells the server that a message is whole. */
export const SYNC: Uint8Array = written([], writeSync);

/** Writes a short statement, to be sent with another message behind it, of which it becomes a part. */
export function writeAhead(statement: Statement): Uint8Array {
  return written([statement], () => undefined);
}

function written(statements: readonly Statement[], close: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  for (const statement of statements) writeStatement(writer, statement);
  close(writer);
  return writer.finish();
}

function writeSync(writer: MessageWriter): void {
  writer.begin('S');
  writer.end();
}

function writeStatement(writer: MessageWriter, { text, parameters, results, mayCopy }: Statement): void {
  if (parameters.length > MAX_PARAMETERS) throw tooLarge(`has ${parameters.length} parameters, PostgreSQL takes 65,535`);
  writer.begin('P');
  writer.cstring('');
  writer.cstring(text);
  writer.int16(0);
  writer.end();

  writer.begin('B');
  writer.cstring('');
  writer.cstring('');
  writer.int16(parameters.length);
  for (const parameter of parameters) writer.int16(parameter.kind === 'text' ? 0 : 1);
  writer.int16(parameters.length);
  for (const parameter of parameters) writeParameter(writer, parameter);
  writer.int16(1);
  writer.int16(results === 'binary' ? 1 : 0);
  writer.end();

  if (results === 'described') {
    writer.begin('D');
    writer.cstring('P');
    writer.end();
  }
  writer.begin('E');
  writer.cstring('');
  writer.int32(0);
  writer.end();
  if (mayCopy === true) {
    // A COPY FROM STDIN would wait for rows for ever; whatever else was executed, the server takes no notice of this message.
    writer.begin('f');
    writer.cstring('rows cannot be sent');
    writer.end();
  }
}

function tooLarge(what: string): MisuseError {
  return new MisuseError('STORAGE_STATEMENT_TOO_LARGE', `A statement ${what}. Split the records into several calls, and give alternatives of one field as one list: { in: […] }.`);
}
