import type { CommittedImages, Schema, StoredId } from '@ormolu/kernel';
import type { Introduction } from './change-log/introduction';
import { MOST_ROWS } from './change-log/log-objects';
import { withLogRows } from './change-log/send-log';
import type { SessionLog } from './change-log/session-log';
import { stampedStatement, type StampedRows } from './change-log/stamped';
import type { StatementContext } from './errors';
import type { Request, SqlTransaction } from './sql-transaction';
import type { RowsStatement } from './statements/records';
import { DescribedRows } from './wire/described-rows';
import { ResultColumns } from './wire/result-columns';
import { textParameter } from './wire/text-form';

/** A session's part in the change log. */
export interface LogPart {
  readonly log?: SessionLog | undefined;
  /** What every write tells the log itself; absent where triggers do. */
  readonly sending?: Introduction | undefined;
}

/** What a write is about: which records of a model, and which of their fields (null: all). */
export interface WriteContext extends StatementContext {
  readonly model: string;
  readonly rows: number;
  readonly fields: readonly string[] | null;
}

/** Sends a session's statements, and keeps its part in the change log in step with what they read and wrote. */
export class SqlStatements {
  readonly #transaction: SqlTransaction;
  readonly #log: SessionLog | undefined;
  readonly #sending: Introduction | undefined;
  #written = 0;

  constructor(transaction: SqlTransaction, { log, sending }: LogPart) {
    this.#transaction = transaction;
    this.#log = log;
    this.#sending = sending;
  }

  /** How many rows the writes may have left in the log. */
  get written(): number {
    return this.#written;
  }

  /** Runs one without rows. */
  async run(call: string, request: Request): Promise<void> {
    await this.hearing(this.#transaction.run(call, request));
  }

  /** Takes in what came with the first answer, also when the statement behind it was refused. */
  async hearing<T>(answer: Promise<T>): Promise<T> {
    try {
      const answered = await answer;
      this.#log?.heard();
      return answered;
    } catch (error) {
      this.#log?.failed();
      throw error;
    }
  }

  /** @param question - what it asks, where it does not say so itself */
  async rows(call: string, statement: RowsStatement, context: StatementContext, question: string = statement.text): Promise<readonly unknown[][]> {
    const result = new ResultColumns(statement.types);
    const learning = this.#log?.learningOfQuestion(question);
    await this.run(call, { statement, sink: result, context, then: learning?.then });
    learning?.learn();
    return result.columns;
  }

  /** An answer, with its stamp when it was asked for and may be kept. */
  async answer(call: string, statement: RowsStatement, { stamped, ...context }: StatementContext & { readonly stamped?: boolean | undefined }): Promise<StampedRows> {
    const log = stamped === true ? this.#log : undefined;
    if (!log || log.own.hasAny) return { columns: await this.rows(call, statement, context) };
    if (!log.isFixed) {
      const wrapped = stampedStatement(statement);
      return wrapped.read(await this.rows(call, wrapped, context), log);
    }
    const columns = await this.rows(call, statement, context);
    return { columns, stamp: log.stamp() };
  }

  /**
   * Runs a statement that answers the ids of the rows it changed.
   * @param statementFor - makes it, with the fields that it is to answer beside them; a deletion has none
   */
  async write(call: string, statementFor: (answered: readonly string[]) => RowsStatement, schema: Schema, { rows, fields, ...context }: WriteContext): Promise<readonly StoredId[]> {
    const { model } = context;
    const isDelete = call === 'delete';
    const answered = isDelete ? [] : this.#log?.images.wanted(model, rows) ?? [];
    const plain = statementFor(answered);
    const statement = this.#sending && !schema.table(model).aside ? withLogRows(plain, this.#sending, schema, { model, rows, fields, isDelete }) : plain;
    const learning = this.#log?.learning(model, isDelete);
    const result = new ResultColumns(statement.types);
    await this.run(call, { statement, sink: result, context, then: learning?.then });
    const [ids, ...columns] = result.columns as [StoredId[], ...unknown[][]]; // every such statement answers the id first
    this.#written += ids.length > MOST_ROWS ? 1 : ids.length;
    this.#log?.wrote(model, ids, fields);
    if (isDelete) this.#log?.images.removed(model, ids);
    else this.#log?.images.wrote(model, ids, { fields: answered, columns });
    if (learning) learning.learn();
    else this.#log?.unlearnt(model);
    return ids;
  }

  /** Runs a statement of a caller's own. */
  async described(text: string, parameters: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    const rows = new DescribedRows();
    const learning = this.#log?.learningOf(text);
    await this.run('sql', { statement: { text, parameters: Array.from(parameters, textParameter), results: 'described', mayCopy: true }, sink: rows, context: {}, then: learning?.then });
    learning?.learn();
    return rows.rows;
  }

  /** Commits. @returns how it has left what it wrote, as far as that is known */
  async commit(): Promise<CommittedImages | undefined> {
    const closing = this.#log?.closing();
    await this.#transaction.commit(closing);
    return closing?.committed();
  }
}
