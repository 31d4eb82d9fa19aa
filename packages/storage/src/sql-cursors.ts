import type { ColumnType } from '@ormolu/kernel';
import { StreamGoneError, type StatementContext } from './errors';
import type { SqlStatements } from './sql-statements';
import type { SqlTransaction } from './sql-transaction';
import type { RowsStatement } from './statements/records';
import { plainStatement } from './wire/statement';

/** A cursor on the server, by its number. */
export interface Cursor {
  readonly serial: number;
  readonly types: readonly ColumnType[];
  readonly question: string;
  readonly context: StatementContext & { readonly model: string };
}

/** The cursors of one session's streams. */
export class SqlCursors {
  readonly #transaction: SqlTransaction;
  readonly #statements: SqlStatements;
  readonly #open = new Set<number>();

  constructor(transaction: SqlTransaction, statements: SqlStatements) {
    this.#transaction = transaction;
    this.#statements = statements;
  }

  /** @param serial - its place among the session's savepoints and cursors, in the order they were made */
  async open(serial: number, { text, parameters, types }: RowsStatement, context: Cursor['context']): Promise<Cursor> {
    await this.#statements.run('open a stream', { statement: { text: `declare c${serial} no scroll cursor for ${text}`, parameters, results: 'none' }, context });
    this.#open.add(serial);
    return { serial, types, question: text, context };
  }

  /** The next rows, fewer than asked for at the end. @throws {StreamGoneError} when a rollback took the cursor */
  fetch({ serial, types, question, context }: Cursor, count: number): Promise<readonly unknown[][]> {
    if (!this.#open.has(serial) && this.#transaction.state === 'open') throw new StreamGoneError(context.model);
    // FETCH takes no parameter; the number is checked to be one.
    return this.#statements.rows('read a stream', { text: `fetch forward ${count} from c${serial}`, parameters: [], results: 'binary', types }, context, question);
  }

  /** Lets go of a cursor that is still there; one of a session that is over or has failed goes with its transaction. */
  async close({ serial }: Cursor): Promise<void> {
    if (!this.#open.delete(serial) || this.#transaction.state !== 'open') return;
    await this.#transaction.run('close a stream', { statement: plainStatement(`close c${serial}`), context: {} });
  }

  /** A rollback to a savepoint takes those with it that were opened behind it. */
  forgetBehind(savepoint: number): void {
    for (const serial of this.#open) if (serial > savepoint) this.#open.delete(serial);
  }
}
