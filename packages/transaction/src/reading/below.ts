import { MisuseError, VERSION_FIELD, type Columns, type ComputeQuestion, type GroupQuery, type Groups, type InsertRows, type Query, type ReadQuestion, type Rung, type Session, type StoredId, type Tag, type UpdateRows } from '@ormolu/kernel';
import { forgetTouched } from '../forget';
import { forgetServed } from './served';
import type { Transaction } from '../transaction';

interface StatementOptions {
  readonly isQuestion?: boolean | undefined;
  readonly surprises?: ((touched: readonly Tag[]) => Promise<readonly Tag[]>) | undefined;
}

/** What lies below a transaction, and the only way there: questions go to the next rung, statements to the session. */
export class Below {
  readonly rung: Rung;
  readonly session: Session;
  /** Rows changed so far, for the rungs below. */
  readonly changed: Map<string, Set<StoredId>> = new Map();
  readonly #tx: Transaction;
  #met: (() => Promise<void>) | undefined;
  #hasWritten = false;
  #hasWrittenInSavepoint = false;
  #besideInserts: Tag[] = [];
  /** What somebody's own use of the session has touched. */
  readonly #earlier: Tag[] = [];

  /** @param options - `met`: called once, when the database has answered for the first time */
  constructor(tx: Transaction, { rung, session, met }: { readonly rung: Rung; readonly session: Session; readonly met: (() => Promise<void>) | undefined }) {
    this.#tx = tx;
    this.rung = rung;
    this.session = session;
    this.#met = met;
  }

  /** Whether a statement was sent that may have changed something. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** Values fetched now may show what a savepoint will take back, and must leave with it. */
  get fetchesAreUndoable(): boolean {
    return this.#hasWrittenInSavepoint && this.#tx.savepoints.length > 0;
  }

  /** Asks the next rung for values by id. */
  read(question: ReadQuestion): Promise<Columns> {
    return this.#asking('read', () => this.#heard(() => this.#versioned(question, (asked) => this.rung.read(this.session, asked))));
  }

  /** Has computed fields worked out where more is seen. No rung keeps them: what they follow from is not told here. */
  compute(question: ComputeQuestion): Promise<Columns> {
    const { session } = this;
    if (!session.compute) throw new MisuseError('TX_ARGUMENT', `${question.model} has fields that a server computes, and this storage is none. Open the database with the models themselves.`, { details: { model: question.model } });
    return this.#asking('read', () => session.compute?.(question) ?? Promise.resolve({ ids: [], columns: [] }));
  }

  /** Asks the next rung for records by filter. */
  query(query: Query): Promise<Columns> {
    return this.#asking('query', () => this.#heard(() => this.#versioned(query, (asked) => this.rung.query(this.session, asked))));
  }

  /** Asks the next rung for a number of records. */
  count(query: Query): Promise<number> {
    return this.#asking('count', () => this.rung.count(this.session, query));
  }

  /** Asks the next rung for groups of records. */
  group(query: GroupQuery): Promise<Groups> {
    return this.#asking('readGroup', () => this.rung.group(this.session, query));
  }

  /** Asks the database for values by id, past the rungs between. */
  readPast(question: ReadQuestion): Promise<Columns> {
    return this.#noticing('read', () => this.session.read(question));
  }

  /**
   * Sends a statement that changes rows. What else the database changed with it, memory forgets.
   *
   * @param options - `isQuestion`: by its words it changes nothing; `surprises`: of what was changed, that which memory will not follow
   */
  async statement<T>(send: (session: Session) => Promise<T>, { isQuestion = false, surprises }: StatementOptions = {}): Promise<T> {
    if (!isQuestion) this.#hasWritten = true;
    if (this.#tx.savepoints.length > 0) this.#hasWrittenInSavepoint = true;
    const answer = await this.#noticing('statement', () => send(this.session));
    const touched = this.#takeTouched();
    const surprising = touched.length > 0 && surprises ? await surprises(touched) : touched;
    if (surprising.length > 0) forgetTouched(this.#tx, surprising);
    if (!isQuestion) forgetServed(this.#tx);
    return answer;
  }

  /** Adds rows. @returns their ids, in the order of the rows; without those that were skipped */
  async insert(rows: InsertRows): Promise<readonly StoredId[]> {
    // What earlier statements have touched says nothing of rows that do not exist yet.
    const earlier = this.#takeTouched();
    if (earlier.length > 0) forgetTouched(this.#tx, earlier);
    const ids = await this.statement((session) => session.insert(rows), {
      surprises: (touched) => {
        this.#besideInserts.push(...touched);
        return Promise.resolve(touched);
      },
    });
    this.#tx.absent.remove(rows.model, ids);
    this.noteChanged(rows.model, ids);
    return ids;
  }

  /** What the database has changed with the inserts since the last call: also of the new rows themselves, which memory takes to be as they were sent. */
  takeBesideInserts(): readonly Tag[] {
    const touched = this.#besideInserts;
    this.#besideInserts = [];
    return touched;
  }

  /**
   * Changes rows. In an optimistic transaction, those of versioned models must have the version that was read, if one was.
   *
   * @returns the ids that exist
   * @throws {ConcurrentModificationError} STORAGE_VERSION
   */
  async update(rows: UpdateRows): Promise<readonly StoredId[]> {
    const expected = this.#tx.versions?.demand(rows.model, rows.ids);
    const found = await this.statement((session) => session.update(expected ? { ...rows, expected } : rows));
    this.noteChanged(rows.model, found, rows.fields);
    return found;
  }

  /** Removes rows, of which the same is demanded as of rows to be changed. @returns the ids that existed */
  async delete(model: string, ids: readonly StoredId[], options?: StatementOptions): Promise<readonly StoredId[]> {
    const expected = this.#tx.versions?.demand(model, ids);
    const gone = await this.statement((session) => (expected ? session.delete(model, ids, expected) : session.delete(model, ids)), options);
    this.noteChanged(model, gone);
    return gone;
  }

  /** After a rollback to a savepoint, when the database takes statements again. @param hadWritten - whether the savepoints around it had */
  rolledBackTo(hadWritten: boolean): void {
    this.#hasWrittenInSavepoint = hadWritten;
    this.#tx.stage.follow(this.session);
  }

  /** Remembers rows that this transaction has changed, for the rungs below. Those of a savepoint rolled back stay: saying too much is safe. @param fields - which columns, where that is known */
  noteChanged(model: string, ids: readonly StoredId[], fields?: readonly string[]): void {
    this.#tx.companies.changed(model, ids, fields);
    if (this.#tx.versions && this.#isVersioned(model)) this.#tx.versions.own(model, ids);
    const changed = this.changed.get(model) ?? new Set<StoredId>();
    this.changed.set(model, changed);
    for (const id of ids) changed.add(id);
  }

  /** Asks, in an optimistic transaction, for the records' versions beside what was asked. */
  async #versioned<Q extends Pick<Query, 'model' | 'fields'>>(question: Q, ask: (question: Q) => Promise<Columns>): Promise<Columns> {
    const { versions } = this.#tx;
    if (!versions || !this.#isVersioned(question.model)) return ask(question);
    const undoable = this.fetchesAreUndoable;
    const { ids, columns } = await ask({ ...question, fields: [...(question.fields ?? []), VERSION_FIELD] });
    versions.note(question.model, ids, (columns.at(-1) ?? []) as readonly bigint[], undoable); // the column asked for last
    return { ids, columns: columns.slice(0, -1) };
  }

  #isVersioned(model: string): boolean {
    return this.#tx.registry.schema.table(model).versioned;
  }

  #heard(ask: () => Promise<Columns>): Promise<Columns> {
    return this.#tx.origins ? this.#tx.origins.asking(ask) : ask();
  }

  /**
   * Asks the next rung. What it has found out about earlier statements, by a look at the log, memory forgets; what was known of them before is left to
   * the next statement, however many questions overlap and whatever becomes of them.
   */
  async #asking<T>(call: string, ask: () => Promise<T>): Promise<T> {
    this.#earlier.push(...this.#newlyTouched());
    try {
      return await this.#noticing(call, ask);
    } finally {
      const found = this.#newlyTouched();
      if (found.length > 0) {
        forgetTouched(this.#tx, found);
        // A view may change rows when it is asked: what is read behind that goes with the savepoint, as behind a statement.
        if (this.#tx.savepoints.length > 0) this.#hasWrittenInSavepoint = true;
      }
    }
  }

  #newlyTouched(): readonly Tag[] {
    return this.session.takeTouched?.() ?? [];
  }

  /** What statements have touched since it was last taken. */
  #takeTouched(): readonly Tag[] {
    return [...this.#earlier.splice(0), ...this.#newlyTouched()];
  }

  /** Remembers when the database transaction is lost by a statement. */
  async #noticing<T>(call: string, send: () => Promise<T>): Promise<T> {
    this.#tx.stage.assertAllows('read');
    try {
      const answer = await this.#tx.exclusive.asking(call, send);
      const met = this.#met;
      this.#met = undefined;
      await met?.();
      return answer;
    } catch (error) {
      this.#tx.stage.follow(this.session, error);
      throw error;
    }
  }
}
