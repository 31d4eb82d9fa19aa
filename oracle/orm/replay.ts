import type { ScenarioDepartures } from '../departures';
import { assertKnownClass, outcomeOfWaiting, recordedOutcome, UnknownRecordingError } from '../scenario';
import { inOneForm, stepDifference } from './compare-step';
import { OPERATIONS } from './operations';
import { reconciled } from './reconcile';
import type { CallData, RowData, StepData } from './scenario-data';
import { noStatements, plus, type StatementCounts } from './statement-log';
import { changeRows, rowsOf, stateOf } from './view';
import { need, type World } from './world';

/** The first difference; thrown through whatever holds the steps. */
class Different extends Error {}

/** What a step that recorded an error throws on, to leave the steps around it. */
class StepFailed extends Error {
  constructor(cause: unknown) {
    super('a nested step failed', { cause });
  }
}

/** Leaves a savepoint that the recording rolls back. */
class RolledBack extends Error {}

/** Replays the steps of one scenario and compares each. */
export class Replay {
  readonly #world: World;
  readonly #departures: ScenarioDepartures;
  #counts = noStatements();
  #excess = noStatements();
  #rows: Readonly<Record<string, readonly RowData[]>> = {};

  constructor(world: World, departures: ScenarioDepartures) {
    this.#world = world;
    this.#departures = departures;
  }

  /** What was sent to the database. */
  get counts(): StatementCounts {
    return this.#counts;
  }

  /** What was sent beyond the recording in steps whose statements are said to differ. */
  get excess(): StatementCounts {
    return this.#excess;
  }

  /** @returns the first difference, or undefined */
  async run(steps: readonly StepData[]): Promise<string | undefined> {
    try {
      await this.#steps(steps, '');
      return undefined;
    } catch (error) {
      if (error instanceof Different) return error.message;
      throw error;
    }
  }

  async #steps(steps: readonly StepData[], prefix: string): Promise<void> {
    for (const [at, step] of steps.entries()) {
      const failed = await this.#step(step, `${prefix}${at}`);
      if (failed !== undefined && prefix !== '') throw new StepFailed(failed);
    }
  }

  /** @returns what the step threw, if it did */
  async #step(step: StepData, name: string): Promise<unknown> {
    if (step.error !== undefined) assertKnownClass(step.error);
    const entered: Record<string, unknown> = {};
    let thrown: unknown;
    const outcome = await outcomeOfWaiting(async () => {
      try {
        return await this.#perform(step, name, entered);
      } catch (error) {
        if (error instanceof Different) throw error;
        thrown = error instanceof StepFailed ? error.cause : error;
        throw thrown;
      }
    }, step.error);
    const actual: Record<string, unknown> = { ...outcome, ...entered, calls: this.#takeCalls(step.nostate) };
    const recorded: Record<string, unknown> = { ...recordedOutcome({ ...step }), calls: step.calls, ...pick(step, Object.keys(entered)) };
    if (step.state) {
      recorded['state'] = step.state;
      actual['state'] = this.#comparable(step.state);
    }
    if (step.db) {
      recorded['db'] = step.db;
      actual['db'] = await rowsOf(this.#world);
      this.#rows = step.db;
    }
    if (step.calls === undefined) delete actual['calls'];
    const sent = this.#count(step, name);
    if (sent) {
      recorded['sql'] = sent.theirs;
      actual['sql'] = sent.ours;
    }
    const { expected, given, problem } = this.#departures.apply(name, recorded, actual, inOneForm);
    const sides = problem === undefined ? await reconciled(this.#world, expected, given) : undefined;
    const difference = sides ? stepDifference(sides.expected, sides.actual) : problem;
    if (difference !== undefined) throw new Different(`step ${name} (${step.op}${step.model === undefined ? '' : ` of ${step.model}`}): ${difference}${causeOf(thrown)}`);
    return thrown;
  }

  /** Our state, without what is not settled while triggers wait. */
  #comparable(recorded: NonNullable<StepData['state']>): unknown {
    const state = stateOf(this.#world);
    if (this.#world.tx.triggers.size === 0) return state;
    return { ...state, tocompute: recorded.tocompute, dirty: recorded.dirty };
  }

  #perform(step: StepData, name: string, entered: Record<string, unknown>): unknown {
    const { tx } = this.#world;
    const nested = (): Promise<void> => this.#steps(step.steps ?? [], `${name}.`);
    const operation = Object.hasOwn(OPERATIONS, step.op) ? OPERATIONS[step.op] : undefined;
    switch (step.op) {
      case 'savepoint': return this.#savepoint(step, entered, nested);
      case 'protecting': return need(step.what, 'what').reduceRight<() => Promise<void>>((inner, [fields, model, ids]) => {
        const shielded = fields.map((field) => tx.registry.field(field.slice(0, field.lastIndexOf('.')), field.slice(field.lastIndexOf('.') + 1)));
        return () => tx.protecting(shielded, tx.env.model(model).browse(ids), inner);
      }, nested)();
      case 'sql': return changeRows(this.#world, this.#rows, step.db ?? {});
      default:
        if (!operation) throw new UnknownRecordingError(`there is no operation '${step.op}'`);
        return operation(this.#world, step);
    }
  }

  async #savepoint(step: StepData, entered: Record<string, unknown>, nested: () => Promise<void>): Promise<void> {
    try {
      await this.#world.tx.savepoint(async () => {
        if (step.enterCalls) entered['enterCalls'] = this.#takeCalls(step.nostate);
        if (step.enterState) entered['enterState'] = this.#comparable(step.enterState);
        await nested();
        if (step.end === 'rollback') throw new RolledBack();
      }, { flush: step.flush });
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
    }
  }

  #takeCalls(counted: boolean | undefined): readonly CallData[] {
    return this.#world.calls.take().map(({ kind, method, ids }) => [kind, method, counted === true ? ids.length : this.#world.namesOf(ids)]);
  }

  /**
   * Counts what was sent. Where a departure says that other rows are written, or names statements themselves, what is sent beyond the
   * recording is its price.
   * @returns the statements of both sides, where a departure names them: nowhere else are they compared step by step
   */
  #count(step: StepData, name: string): { readonly ours: StatementCounts; readonly theirs: StatementCounts } | undefined {
    const ours = this.#world.statements.take();
    this.#counts = plus(this.#counts, ours);
    const isNamed = this.#departures.concerns(name, 'sql');
    if (!isNamed && !this.#departures.concerns(name, 'db')) return undefined;
    const theirs = countsOf(step, this.#world.tx.registry.schema.tables.map(({ table }) => table));
    const more = (kind: keyof StatementCounts): number => Math.max(0, ours[kind] - theirs[kind]);
    this.#excess = plus(this.#excess, { INSERT: more('INSERT'), UPDATE: more('UPDATE'), DELETE: more('DELETE'), SELECT: more('SELECT') });
    return isNamed ? { ours, theirs } : undefined;
  }
}

/** What the recorded server sent in a step, on these tables, nested steps included. */
export function countsOf(step: StepData, tables: readonly string[]): StatementCounts {
  let counts = noStatements();
  for (const { op, table } of [...(step.enterSql ?? []), ...(step.sql ?? [])]) {
    if (table === undefined || !tables.includes(table) || !(op in counts)) continue;
    counts = plus(counts, { ...noStatements(), [op]: 1 });
  }
  for (const inner of step.steps ?? []) counts = plus(counts, countsOf(inner, tables));
  return counts;
}

function pick(step: StepData, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, step[name as keyof StepData]])); // names of parts of a step
}

function causeOf(error: unknown): string {
  return error instanceof Error ? ` (${error.message})` : '';
}

