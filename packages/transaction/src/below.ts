import type { Columns, GroupQuery, Groups, Query, ReadQuestion, Rung, Session, StoredId } from '@ormolu/kernel';
import type { Transaction } from './transaction';

/** What lies below a transaction, and the only way there: questions go to the next rung, statements to the session. */
export class Below {
  readonly rung: Rung;
  readonly session: Session;
  /** Rows changed so far, for the rungs below. */
  readonly changed: Map<string, Set<StoredId>> = new Map();
  readonly #tx: Transaction;
  #hasWrittenInSavepoint = false;

  constructor(tx: Transaction, rung: Rung, session: Session) {
    this.#tx = tx;
    this.rung = rung;
    this.session = session;
  }

  /** Values fetched now may show what a savepoint will take back, and must leave with it. */
  get fetchesAreUndoable(): boolean {
    return this.#hasWrittenInSavepoint && this.#tx.savepoints.length > 0;
  }

  /** Asks the next rung for values by id. */
  read(question: ReadQuestion): Promise<Columns> {
    return this.#noticing('read', () => this.#heard(() => this.rung.read(this.session, question)));
  }

  /** Asks the next rung for records by filter. */
  query(query: Query): Promise<Columns> {
    return this.#noticing('query', () => this.#heard(() => this.rung.query(this.session, query)));
  }

  /** Asks the next rung for a number of records. */
  count(query: Query): Promise<number> {
    return this.#noticing('count', () => this.rung.count(this.session, query));
  }

  /** Asks the next rung for groups of records. */
  group(query: GroupQuery): Promise<Groups> {
    return this.#noticing('readGroup', () => this.rung.group(this.session, query));
  }

  /** Asks the database for values by id, past the rungs between. */
  readPast(question: ReadQuestion): Promise<Columns> {
    return this.#noticing('read', () => this.session.read(question));
  }

  /** Sends a statement that changes rows. */
  statement<T>(send: (session: Session) => Promise<T>): Promise<T> {
    if (this.#tx.savepoints.length > 0) this.#hasWrittenInSavepoint = true;
    return this.#noticing('statement', () => send(this.session));
  }

  /** After a rollback to a savepoint, when the database takes statements again. @param hadWritten - whether the savepoints around it had */
  rolledBackTo(hadWritten: boolean): void {
    this.#hasWrittenInSavepoint = hadWritten;
    this.#tx.stage.follow(this.session);
  }

  noteCreated(model: string, ids: readonly StoredId[]): void {
    this.#tx.absent.remove(model, ids);
    this.noteChanged(model, ids);
  }

  /** Remembers rows changed, for the rungs below. Those of a savepoint rolled back stay: saying too much is safe. */
  noteChanged(model: string, ids: readonly StoredId[]): void {
    const changed = this.changed.get(model) ?? new Set<StoredId>();
    this.changed.set(model, changed);
    for (const id of ids) changed.add(id);
  }

  #heard(ask: () => Promise<Columns>): Promise<Columns> {
    return this.#tx.origins ? this.#tx.origins.asking(ask) : ask();
  }

  /** Remembers when the database transaction is lost by a statement. */
  async #noticing<T>(call: string, send: () => Promise<T>): Promise<T> {
    this.#tx.stage.assertAllows('read');
    try {
      return await this.#tx.exclusive.asking(call, send);
    } catch (error) {
      this.#tx.stage.follow(this.session);
      throw error;
    }
  }
}
