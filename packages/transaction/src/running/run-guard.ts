import type { RunEvent, RunRound } from '@ormolu/kernel';
import { RunError } from '../errors';
import type { Need } from './run';
import { Trail, type Mark } from './trail';
import type { Transaction } from '../transaction';

/** Rounds of one record each, for one field, after which a loop over single ids is suspected. */
const SUSPICIOUS_ROUNDS = 10;
/** More rounds than any walk has that ends. */
const MOST_ROUNDS = 10_000;

const warned = new Set<string>();

/** What a transaction had done when an execution ended: the next one is like it unless something else happened in between. */
interface Moment {
  readonly sequence: number;
  readonly generation: number;
  /** Fields the function itself had read, computes aside. */
  readonly reads: number;
}

/** Watches the executions of one function given to `env.run`. */
export class RunGuard {
  readonly whose: 'user' | 'engine';
  readonly #tx: Transaction;
  readonly #rounds: RunRound[] = [];
  readonly #asked = new Set<string>();
  readonly #alone = new Map<string, number>();
  #start: Moment;
  #before: (Moment & { readonly trail: Mark }) | undefined;

  constructor(tx: Transaction, whose: 'user' | 'engine') {
    this.#tx = tx;
    this.whose = whose;
    this.#start = this.#moment();
  }

  /** What has been fetched so far. */
  trace(): RunEvent {
    return { executions: this.#rounds.length + 1, rounds: this.#rounds };
  }

  /** An execution begins. @returns where it notes what it does */
  begins(): Trail {
    this.#start = this.#moment();
    return new Trail(this.#isAsBefore() ? this.#before?.trail : undefined);
  }

  /**
   * An execution has ended, with its value or at something that it misses.
   *
   * One that is suspended earlier than the one before it need not be another: what has been fetched lets a write mark more, which an
   * earlier read then waits for. Only who ends must have read all that was read before.
   * @throws {RunError} RUN_DIFFERS when it ended with less than one before it, and nothing else had changed the transaction
   */
  ended(how: 'with its value' | 'suspended', trail: Trail): void {
    const now = this.#moment();
    const reads = now.reads - this.#start.reads;
    const before = this.#isAsBefore() ? this.#before : undefined;
    this.#before = { ...now, reads: Math.max(reads, before?.reads ?? 0), trail: before && before.trail.count > trail.count ? before.trail : { count: trail.count, hash: trail.hash } };
    if (this.whose === 'engine' || !before) return;
    const difference = trail.differs || (how === 'with its value' && trail.count < before.trail.count)
      ? 'it assigned or asked other things than before it was suspended'
      : how === 'with its value' && reads < before.reads ? `before it was suspended it had read ${String(before.reads)} values, the second time it read ${String(reads)}` : undefined;
    if (difference === undefined) return;
    throw new RunError(
      'RUN_DIFFERS',
      `The function given to env.run() did something else when it ran again: ${difference}. ` +
        'What it does may depend on records and on what it is given, not on clocks, random numbers or variables that it changes itself.',
      { details: { before: before.reads, now: reads } },
    );
  }

  /** Whether nothing but this function has changed the transaction since its execution before. */
  #isAsBefore(): boolean {
    return this.#before !== undefined && this.#before.sequence === this.#start.sequence && this.#before.generation === this.#start.generation;
  }

  /**
   * The function misses values, which will be fetched.
   *
   * @param hasAsked - whether a query of its own was answered, too
   * @throws {RunError} RUN_ENDLESS when it misses what has just been fetched, or never ends
   */
  misses(needs: readonly Need[], hasAsked: boolean): void {
    for (const { field, ids } of needs) this.#rounds.push({ model: field.model, field: field.name, records: ids.length });
    if ((!this.#isNews(needs) && !hasAsked) || this.#rounds.length > MOST_ROUNDS) {
      const { field, ids } = needs[0] ?? {};
      throw new RunError(
        'RUN_ENDLESS',
        `env.run() fetched ${field ? `${field.model}.${field.name}` : 'values'} of ${String(ids?.length ?? 0)} records, and the function still misses them, after ${String(this.#rounds.length)} rounds. ` +
          'It probably invalidates what it reads, or reads something else each time: do that outside.',
        { details: { field: field?.name, model: field?.model } },
      );
    }
    if (this.whose === 'user') for (const { field, isAlone } of needs) if (isAlone === true) this.#suspect(field.toString());
  }

  #suspect(field: string): void {
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
    let isNew = false;
    for (const { field, ids } of needs) {
      const name = `${field.model}.${field.name}:${ids.map(String).join(',')}`;
      if (this.#asked.has(name)) continue;
      this.#asked.add(name);
      isNew = true;
    }
    return isNew;
  }

  #moment(): Moment {
    const { triggers, cache, reads, readsAside } = this.#tx;
    return { sequence: triggers.sequence, generation: cache.generation, reads: reads - readsAside };
  }
}
