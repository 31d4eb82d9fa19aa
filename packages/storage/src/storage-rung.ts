import type { Columns, Commit, GroupQuery, Groups, Query, ReadQuestion, Rung, RungCapabilities, RungStats, Session } from '@ormolu/kernel';
import { channels, type AnswerEvent } from '@ormolu/kernel';

/** What storage was asked of one model. */
export interface StoredCounts {
  readonly questions: number;
  /** Records asked for, and found. */
  readonly records: number;
  readonly hits: number;
}

/** The last rung's figures. */
export interface StorageRungStats extends RungStats {
  readonly models: Readonly<Record<string, StoredCounts>>;
}

/**
 * The foot of the ladder: asks the reader's own session, and so the truth.
 *
 * It keeps nothing, so that publishing a commit to it has nothing to do.
 */
export class StorageRung implements Rung {
  readonly name: string;
  readonly capabilities: RungCapabilities = { sharedAcrossTransactions: false, sharedAcrossProcesses: false };
  readonly #models = new Map<string, { questions: number; records: number; hits: number }>();

  /** @param name - of the step, where the truth is farther away @defaultValue 'storage' */
  constructor(name = 'storage') {
    this.name = name;
  }

  async read(session: Session, question: ReadQuestion): Promise<Columns> {
    const answer = await session.read(question);
    this.#answered(question.model, question.fields, question.ids.length, answer.ids.length);
    return answer;
  }

  async query(session: Session, query: Query): Promise<Columns> {
    const answer = await session.query(query);
    this.#answered(query.model, query.fields ?? [], answer.ids.length, answer.ids.length);
    return answer;
  }

  async count(session: Session, query: Query): Promise<number> {
    const count = await session.count(query);
    this.#answered(query.model, [], 0, 0);
    return count;
  }

  async group(session: Session, query: GroupQuery): Promise<Groups> {
    const groups = await session.group(query);
    this.#answered(query.model, query.by.map((path) => path.join('.')), 0, 0);
    return groups;
  }

  publish(_commit: Commit): Promise<void> {
    return Promise.resolve();
  }

  stats(): readonly StorageRungStats[] {
    const total = { questions: 0, records: 0, hits: 0 };
    for (const { questions, records, hits } of this.#models.values()) {
      total.questions += questions;
      total.records += records;
      total.hits += hits;
    }
    return [{ rung: this.name, ...total, models: Object.fromEntries(Array.from(this.#models, ([model, counts]) => [model, { ...counts }])) }];
  }

  #answered(model: string, fields: readonly string[], asked: number, records: number): void {
    let counts = this.#models.get(model);
    if (!counts) this.#models.set(model, (counts = { questions: 0, records: 0, hits: 0 }));
    counts.questions += 1;
    counts.records += asked;
    counts.hits += records;
    if (!channels.answer.hasSubscribers) return;
    const event: AnswerEvent = { rung: this.name, model, fields, records };
    channels.answer.publish(event);
  }
}
