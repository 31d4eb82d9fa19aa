import { systemClock, type Clock, type Columns, type Commit, type GroupQuery, type Groups, type Query, type ReadQuestion, type Rung, type RungCapabilities, type RungStats, type Session } from '@ormolu/kernel';
import { Histogram, type DurationSummary } from './histogram';
import { isTraced, traced } from './metrics/tracing';

/** A rung's figures with how long its answers took. */
export interface MeasuredStats extends RungStats {
  readonly answerTimes: DurationSummary;
}

/**
 * A rung that answers exactly as the one it wraps, and knows how long each answer took.
 *
 * It stands wherever a rung can stand, so that every step of the ladder is measured, and traced, in the same way.
 */
export class MeasuredRung implements Rung {
  readonly name: string;
  readonly capabilities: RungCapabilities;
  readonly #rung: Rung;
  readonly #clock: Clock;
  readonly #times = new Histogram();

  constructor(rung: Rung, clock: Clock = systemClock) {
    this.name = rung.name;
    this.capabilities = rung.capabilities;
    this.#rung = rung;
    this.#clock = clock;
  }

  read(session: Session, question: ReadQuestion): Promise<Columns> {
    return this.#timed('read', question.model, () => this.#rung.read(session, question));
  }

  query(session: Session, query: Query): Promise<Columns> {
    return this.#timed('query', query.model, () => this.#rung.query(session, query));
  }

  count(session: Session, query: Query): Promise<number> {
    return this.#timed('count', query.model, () => this.#rung.count(session, query));
  }

  group(session: Session, query: GroupQuery): Promise<Groups> {
    return this.#timed('group', query.model, () => this.#rung.group(session, query));
  }

  publish(commit: Commit): Promise<void> {
    return this.#rung.publish(commit);
  }

  /** The wrapped rung's figures, with times, then those of the rungs below it. */
  stats(): readonly (RungStats | MeasuredStats)[] {
    const [own, ...below] = this.#rung.stats();
    return own ? [{ ...own, answerTimes: this.#times.summary() }, ...below] : below;
  }

  /** Answers that end in an error took time too. */
  async #timed<T>(what: string, model: string, ask: () => Promise<T>): Promise<T> {
    const before = this.#clock.now();
    try {
      if (!isTraced()) return await ask();
      return await traced({ name: `ormolu.${this.name}.${what}`, isCall: false, attributes: { 'ormolu.rung': this.name, 'ormolu.model': model } }, ask);
    } finally {
      this.#times.add(this.#clock.now() - before);
    }
  }
}
