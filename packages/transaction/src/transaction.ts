import { Cache } from '@ormolu/cache';
import type { Columns, Id, Session, StackMap } from '@ormolu/kernel';
import type { ExplanationMembers, Field, Registry } from '@ormolu/registry';
import { Absent } from './reading/absent';
import { assertFunction } from './check-call';
import { companyField, type Actors } from './environment/actors';
import { Below } from './reading/below';
import { ComputingStack } from './computing/computing';
import { frozenContext } from './environment/context';
import { Drafts } from './drafts/drafts';
import { Environment } from './environment/environment';
import { UserCompanies } from './environment/user-companies';
import { EnvironmentSet, type EnvironmentKey } from './environment/environment-set';
import { tellTransaction } from './events';
import { Exclusive } from './exclusive';
import type { ComputeFailure } from './errors';
import { explain } from './explain';
import { commit, endedInside, Ending, rollBack } from './ending';
import { Fallbacks } from './environment/fallbacks';
import { fetchNeeds } from './reading/fetch-needs';
import type { FlushSpec } from './flushing/flush';
import { Flushing } from './flushing/flushing';
import { forgetAll } from './forget';
import { Hooks } from './undo/hooks';
import { loadCauses } from './reading/load';
import { PairRows, PendingPairs } from './lists/pending-pairs';
import { PendingTriggers } from './triggers/pending-triggers';
import { Origins } from './reading/origins';
import { ReadCounts } from './reading/read-counts';
import { KeptValues } from './records/kept-values';
import { pendingWrites, type PendingWrites } from './flushing/pending-writes';
import { Protection, shielded } from './computing/protecting';
import { computeInMemory } from './computing/compute-in-memory';
import { computeAll } from './computing/recompute';
import type { RecordSet } from './records/recordset';
import { assertOutsideRun } from './running/outside-run';
import { run, type Execution } from './running/run';
import { Rounds } from './reading/rounds';
import { Savepoint, withSavepoint, type SavepointOptions } from './undo/savepoint';
import { ToCompute } from './computing/to-compute';
import type { TransactionOptions } from './transaction-options';
import { Stage, type TransactionState } from './transaction-state';
import { isAskedFor, Unseen } from './triggers/unseen';
import { UndoLog } from './undo/undo-log';
import { Versions } from './writing/versions';

/**
 * The first rung: a unit of work with everything it has read and not yet written.
 *
 * It owns the cache, the queues of pending computations and writes, and its environments.
 * @see docs/ladder.md; Odoo's `Transaction`
 */
export class Transaction {
  readonly cache: Cache = new Cache();
  readonly undo: UndoLog = new UndoLog(this.cache);
  readonly toCompute: ToCompute = new ToCompute(this.cache, this.undo, (field) => isAskedFor(this, field));
  readonly triggers: PendingTriggers = new PendingTriggers(this.undo);
  /** Rows of relation tables that wait to be added or removed. */
  readonly pairs: PendingPairs = new PendingPairs(this.undo);
  /** The ids of such rows, as far as they are known. */
  readonly pairRows: PairRows = new PairRows();
  readonly drafts: Drafts = new Drafts(this.undo);
  /** Values put where the ones before were not in memory. */
  readonly unseen: Unseen = new Unseen(this.undo);
  readonly absent: Absent = new Absent(this.undo);
  readonly fallbacks: Fallbacks = new Fallbacks(this.undo);
  /** The companies of the users it has met. */
  readonly companies: UserCompanies = new UserCompanies(this);
  readonly protection: Protection = new Protection();
  readonly computes: ComputingStack = new ComputingStack();
  /** The inverses that are running. */
  readonly inverses: ComputingStack = new ComputingStack();
  /** Every environment still held by somebody. */
  readonly envs: EnvironmentSet = new EnvironmentSet();
  readonly savepoints: Savepoint[] = [];
  readonly precommit: Hooks = new Hooks('precommit', this.undo);
  readonly postcommit: Hooks = new Hooks('postcommit', this.undo);
  readonly prerollback: Hooks = new Hooks('prerollback', this.undo);
  readonly postrollback: Hooks = new Hooks('postrollback', this.undo);
  /** The open database transaction. */
  readonly session: Session;
  /** Everything that is asked of the rungs below and of the database. */
  readonly below: Below;
  readonly actors: Actors;
  /** Whether every function given to `run` is run twice and compared. */
  readonly checksRuns: boolean;
  readonly exclusive: Exclusive = new Exclusive();
  /** What happened to values, when the transaction is to explain itself. */
  readonly origins: Origins | undefined;
  /** The record versions read, when it is optimistic. */
  readonly versions: Versions | undefined;
  readonly rounds: Rounds = new Rounds();
  /** The environment the user's function gets. */
  readonly env: Environment;
  /** The environment the engine itself works in: the same user, access unlimited. */
  readonly rootEnv: Environment;
  /** The function that may suspend and is running now. */
  execution: Execution | undefined;
  /** The one before. */
  lastExecution: Execution | undefined;
  /** Copies of values that records keep. */
  readonly kept: KeptValues = new KeptValues(this.cache);
  /** Property reads so far, by model. */
  readonly readCounts: ReadCounts = new ReadCounts();
  #registry: Registry;
  readonly #newest: () => Registry;
  /** Whether it has ever taken another version: then records may be about that were made from one that is not in use. */
  hasReset = false;
  #isHeld = false;
  readonly #ending: Ending = new Ending(this);
  /** How deep work is nested that reads aside. */
  #aside = 0;
  readonly stage: Stage = new Stage();
  readonly #flushing: Flushing = new Flushing(this);

  constructor(options: TransactionOptions) {
    this.#registry = options.registry;
    this.#newest = options.newestRegistry ?? (() => options.registry);
    this.session = options.session;
    this.origins = options.explain === true ? new Origins(this.undo) : undefined;
    this.versions = options.concurrency === 'optimistic' ? new Versions(this.undo) : undefined;
    this.checksRuns = options.checkRuns ?? false;
    this.below = new Below(this, { rung: options.rung, session: options.session, met: options.metDatabase });
    this.actors = options;
    const key = { uid: options.uid ?? null, su: options.uid === undefined || options.uid === null, context: options.context ?? {} };
    this.env = this.environment(key);
    this.rootEnv = this.environment({ uid: key.uid, su: true, context: {} });
  }

  get state(): TransactionState {
    return this.stage.now;
  }

  /** The version of the models it works with: the one it began with, until `reset`. */
  get registry(): Registry {
    return this.#registry;
  }

  /** Pairs shielded from recomputation: field → ids, a level for every `protecting` that runs. */
  get protected(): StackMap<Field, ReadonlySet<Id>> {
    return this.protection.stack;
  }

  /** Pending computations: field → ids. */
  get tocompute(): ToCompute {
    return this.toCompute;
  }

  /** Pending writes: model → id → field name → value in the cache's form. A view of the cache's dirty values, made anew. */
  get towrite(): PendingWrites {
    return pendingWrites(this);
  }

  /** The environment with these arguments: the same object as before while anybody holds it. */
  environment(key: EnvironmentKey): Environment {
    const frozen = { ...key, context: frozenContext(key.context) };
    return this.envs.intern(frozen, () => new Environment(this, frozen));
  }

  /**
   * Brings the user into memory, so that `env.companyId` is known from the start.
   *
   * @remarks One round trip, which BEGIN travels with; none when there is no user, when users belong to no company, or when the
   * context says which companies count.
   */
  async meetUser(): Promise<void> {
    const field = companyField(this.registry, this.actors);
    if (!field || this.env.uid === null || 'allowedCompanyIds' in this.env.context) return;
    await fetchNeeds(this, [{ field, ids: [this.env.uid] }]);
    this.companies.meet(field, this.env.uid);
  }

  /** @see Environment.run */
  run<T>(fn: () => T): Promise<T> {
    this.assertOutsideRun('run');
    assertFunction('run', fn);
    try {
      this.stage.assertAllows('read');
      this.exclusive.assertMayCall('run');
      return run(this, fn, 'user');
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- one of ours
      return Promise.reject(error);
    }
  }

  /**
   * Finishes pending computations, then writes pending updates.
   *
   * @param spec - only these fields, of all records or of some; they are written with what else is pending of their records
   * @throws {TransactionStateError} TX_STATE when a flush is running, or the transaction is over
   * @throws {ComputeError} TX_COMPUTE_FAILED, {MissingRecordError} TX_RECORD_MISSING, {ConstraintError}
   * @remarks One UPDATE per model and set of fields, whatever the number of records.
   */
  flush(spec?: FlushSpec): Promise<void> {
    this.assertOutsideRun('flush');
    return this.exclusive.during('flush', () => this.#flushing.flush(spec));
  }

  /** Writes what is pending of some fields, so that a question about them has the right answer; sends nothing when nothing is. @see Flushing.flushFor */
  flushFor(fields: ReadonlySet<Field>, specOf?: () => FlushSpec): Promise<void> {
    return this.#flushing.flushFor(fields, specOf);
  }

  /** Writes all that is pending, so that who knows more can work out what follows from it. What a flush itself asks does not wait for that flush. */
  flushAhead(): Promise<void> {
    return this.#flushing.flushAhead();
  }

  /** Runs something during which no other flow's search writes what is pending. @see Flushing.withhold */
  withholdFlushes<T>(work: () => Promise<T>): Promise<T> {
    return this.#flushing.withhold(work);
  }

  /** Waits until no flush is running, such as one that a search needs. */
  flushIsOver(): Promise<void> {
    return this.#flushing.isOver();
  }

  /**
   * Forgets everything in memory, what is pending included.
   *
   * @remarks What is in the database already stays, and computations that were due because of it are forgotten like all others: of rows that `create` has
   * inserted, and of values that a search or a flush of some fields has written. Flush before, or take a savepoint and roll it back.
   */
  clear(): void {
    this.stage.assertAllows('clear');
    forgetAll(this);
  }

  /**
   * Takes the newest version of the models and forgets everything in memory, what is pending included. Environments and records stay and
   * follow the new version.
   *
   * @remarks No statement. A rollback to a savepoint taken before brings the old version back.
   */
  reset(): Promise<void> {
    this.assertOutsideRun('reset');
    this.stage.assertAllows('reset');
    const before = this.#registry;
    this.undo.push(() => {
      this.#adopt(before);
    });
    this.#adopt(this.#newest());
    this.clear();
    tellTransaction('reset');
    return Promise.resolve();
  }

  #adopt(registry: Registry): void {
    if (registry !== this.#registry) this.hasReset = true;
    this.#registry = registry;
    this.session.adopt(registry.schema);
  }

  /** Takes a savepoint to be ended by hand, or runs work inside one: released when it returns, rolled back when it throws. */
  savepoint(): Promise<Savepoint>;
  savepoint<T>(work: () => Promise<T> | T, options?: SavepointOptions): Promise<T>;
  savepoint<T>(work?: () => Promise<T> | T, options?: SavepointOptions): Promise<T | Savepoint> {
    this.assertOutsideRun('savepoint');
    if (work !== undefined) assertFunction('savepoint', work);
    return work ? this.exclusive.during('savepoint', () => withSavepoint(this, work, options)) : this.exclusive.during('savepoint', () => Savepoint.take(this, options));
  }

  /**
   * Shields fields of some records from recomputation while a function runs, or until the promise it returns is settled.
   *
   * What changes meanwhile does not mark them, and they keep the values they have or are given.
   * @param fields - of the records' model, by name
   */
  protecting<T>(fields: readonly (Field | string)[], records: RecordSet, fn: () => T): T {
    assertFunction('protecting', fn);
    return this.protection.during(shielded(this.registry, fields, records), fn);
  }

  /**
   * Says why a value is what it is: where it came from, what triggered it, what is pending about it. As data, and as text by `toString()`.
   *
   * @param record - one record of this transaction; how its environment sees the field is explained
   * @throws {UnknownFieldError} FIELD_UNKNOWN @throws {NotSingletonError} TX_NOT_SINGLETON @throws {MisuseError} TX_ARGUMENT
   * @remarks From memory: nothing is fetched or computed. The history is known when the transaction was opened with `explain: true`.
   * @see docs/explain.md
   */
  explain(record: RecordSet, field: Field | string): ExplanationMembers {
    return explain(this, record, field);
  }

  /**
   * Flushes, makes everything true and tells the rungs below.
   *
   * @throws {ConflictError} when another transaction was faster; nothing was written
   * @throws {TransactionStateError} TX_OVERLAP when a function that runs before the commit, or with a rollback, calls it
   * @throws {AggregateError} when post-commit hooks failed, which all ran; the commit itself is durable
   */
  commit(): Promise<void> {
    this.assertOutsideRun('commit');
    this.#assertMayEnd('commit');
    return this.#ending.during('commit', () => this.exclusive.during('commit', () => commit(this)));
  }

  /** Runs work after which the caller ends the transaction, whatever comes of it: the work cannot. */
  async holding<T>(work: () => Promise<T> | T): Promise<T> {
    this.#isHeld = true;
    try {
      return await work();
    } finally {
      this.#isHeld = false;
    }
  }

  /**
   * Takes everything back, in database and memory. A second call does nothing but wait for the first.
   *
   * @throws {TransactionStateError} TX_OVERLAP when a function that runs before the commit, or with the rollback, calls it
   * @throws {AggregateError} when functions that run with it failed, which all ran
   */
  rollback(): Promise<void> {
    this.#assertMayEnd('rollback');
    return this.#ending.during('rollback', () => rollBack(this));
  }

  /** Does something whose reads are not those of the user's function that is running. */
  readingAside<T>(work: () => T): T {
    this.#aside += 1;
    try {
      return work();
    } finally {
      this.#aside -= 1;
    }
  }

  /** A value is read, and not from what its record keeps. @returns whether its record may keep it */
  noteRead(field: Field, id: Id): boolean {
    this.readCounts.of(field.model).reads += 1;
    return this.execution === undefined || this.execution.noteRead(field, id, this.#aside > 0);
  }

  /** Loads what a stored field's compute reads for marked records, then computes them. @returns the failures */
  async recompute(field: Field, ids: readonly Id[]): Promise<readonly ComputeFailure[]> {
    if (computeInMemory(this, field, ids)) return [];
    await loadCauses(this, field, ids);
    return run(this, () => computeAll(this.rootEnv, field, ids));
  }

  /** Stored values past the cache, in the cache's form, as the engine's own environment sees them. */
  readStored(model: string, ids: readonly Id[], names: readonly string[]): Promise<Columns> {
    return this.rootEnv.readStored(model, ids, names);
  }

  /**
   * Refuses at once, not by a promise, what returns one, where nothing may wait: inside `run`, a compute or an inverse.
   *
   * @throws {RunError} RUN_ASYNC_CALL
   */
  assertOutsideRun(call: string): void {
    assertOutsideRun(this, call);
  }

  #assertMayEnd(call: string): void {
    if (this.#isHeld) throw endedInside(call);
  }
}
