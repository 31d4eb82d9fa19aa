import { channels, isStoredId, type RunEvent, type RunRound } from '@ormolu/kernel';
import { Awaited } from './awaited';
import { RunError } from '../errors';
import type { Execution, Need } from './run';
import type { Mark } from './trail';
import type { Transaction } from '../transaction';

/** Rounds of one record each, for one field, after which a loop over single ids is suspected. */
const SUSPICIOUS_ROUNDS = 10;
/** More rounds than any walk has that ends. */
const MOST_ROUNDS = 10_000;

const warned = new Set<string>();

/** What a transaction had done when an execution ended: the next one is like it unless something else happened in between. */
interface Moment {
  readonly turns: number;
  readonly generation: number;
}

/** Tells of a user's function that has ended, and what was fetched for it. */
export function tellRun(rounds: readonly RunRound[]): void {
  if (channels.run.hasSubscribers) channels.run.publish({ executions: rounds.length + 1, rounds } satisfies RunEvent);
}

/**
 * An execution has ended.
 *
 * @throws {RunError} RUN_DIFFERS when it assigned or asked other things than one before it, or ended without reading what one before it was suspended
 * at, and nothing else had changed the transaction
 */
export function refuseDifferent({ awaited, trail }: Execution, how: 'with its value' | 'suspended'): void {
  const isOver = how === 'with its value';
  const unmet = isOver ? awaited?.unmet() : undefined;
  const difference = trail.differs || (isOver && trail.isShort)
    ? 'it assigned or asked other things than before it was suspended'
    : unmet && `it had been suspended after reading ${unmet.field.toString()} of ${String(unmet.id)}, which it then did not read`;
  if (difference === undefined) return;
  throw new RunError(
    'RUN_DIFFERS',
    `The function given to env.run() did something else when it ran again: ${difference}. ` +
      'What it does may depend on records and on what it is given, not on clocks, random numbers or variables that it changes itself.',
    { details: { model: unmet?.field.model, field: unmet?.field.name, id: unmet?.id } },
  );
}

/** Watches the executions of one function given to `env.run`. */
export class RunGuard {
  readonly whose: 'user' | 'engine';
  readonly first: Execution;
  /** What the function must read again. */
  awaited: Awaited | undefined;
  /** What it must assign and ask again. */
  trail: Mark | undefined;
  readonly #tx: Transaction;
  readonly #rounds: RunRound[] = [];
  #asked: Set<string> | undefined;
  #alone: Map<string, number> | undefined;
  #before: Moment | undefined;

  /** @param first - its first execution, which was suspended */
  constructor(tx: Transaction, whose: 'user' | 'engine', first: Execution) {
    this.#tx = tx;
    this.whose = whose;
    this.first = first;
    this.ended(first);
  }

  /** The function is about to run again. */
  begins(): void {
    const now = this.#moment();
    // Who changes the transaction in between may well have the function do something else.
    // It may also have it miss once more what has been fetched: a value that somebody has computed in between, and that must be compared, or that he has forgotten.
    if (this.#before?.turns !== now.turns || this.#before.generation !== now.generation) this.awaited = this.trail = this.#asked = undefined;
    this.awaited?.begins();
    // What records keep is read unheard.
    if (this.awaited) this.#tx.kept.letGo();
  }

  /** An execution has ended: for good, or at something that it misses. That need not be what one before it missed: what has been fetched lets a write mark more. */
  ended(execution: Execution): void {
    const { isOver, lastField, lastId, trail } = execution;
    if (isOver && this.whose === 'user') tellRun(this.#rounds);
    if (isOver) return;
    this.#before = this.#moment();
    if (this.whose === 'engine') return;
    refuseDifferent(execution, 'suspended');
    if (!this.trail || this.trail.count <= trail.count) this.trail = { count: trail.count, hash: trail.hash };
    // A draft made by the function is another one each time.
    if (lastField && isStoredId(lastId)) (this.awaited ??= new Awaited()).add(lastField, lastId);
  }

  /**
   * The function misses values, which will be fetched.
   *
   * @param execution - which of its values, one by one, and whether a query of its own was answered, too
   * @param together - the same values as they are asked for
   * @throws {RunError} RUN_ENDLESS when it misses what has just been fetched, or never ends
   */
  misses({ needs, asks }: Execution, together: readonly Need[]): void {
    for (const { field, ids } of together) this.#rounds.push({ model: field.model, field: field.name, records: ids.length });
    if ((!this.#isNews(needs) && asks.length === 0) || this.#rounds.length > MOST_ROUNDS) {
      const { field, ids } = together[0] ?? {};
      throw new RunError(
        'RUN_ENDLESS',
        `env.run() fetched ${field ? `${field.model}.${field.name}` : 'values'} of ${String(ids?.length ?? 0)} records, and the function still misses them, after ${String(this.#rounds.length)} rounds. ` +
          'It probably invalidates what it reads, or reads something else each time: do that outside.',
        { details: { field: field?.name, model: field?.model } },
      );
    }
    if (this.whose === 'user') for (const { field, isAlone } of together) if (isAlone === true) this.#suspect(field.toString());
  }

  #suspect(field: string): void {
    this.#alone ??= new Map();
    const times = (this.#alone.get(field) ?? 0) + 1;
    this.#alone.set(field, times);
    if (times !== SUSPICIOUS_ROUNDS || warned.has(field)) return;
    warned.add(field);
    process.emitWarning(
      `env.run() fetches ${field} of one record after another, a round trip and an execution for each: the function browses single ids in a loop. Browse them once, env.model(…).browse(ids), and iterate that set.`,
      { type: 'OrmoluWarning', code: 'RUN_ROUND_PER_RECORD' },
    );
  }

  /** Remembers what was asked. @returns whether anything of it is asked for the first time */
  #isNews(needs: readonly Need[]): boolean {
    this.#asked ??= new Set();
    let isNew = false;
    for (const { field, ids, isBefore = false } of needs) {
      const name = `${isBefore ? 'before ' : ''}${field.model}.${field.name}:${ids.map(String).join(',')}`;
      if (this.#asked.has(name)) continue;
      this.#asked.add(name);
      isNew = true;
    }
    return isNew;
  }

  #moment(): Moment {
    const { triggers, cache } = this.#tx;
    return { turns: triggers.turns, generation: cache.generation };
  }
}
