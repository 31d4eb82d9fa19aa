import type { Columns, Commit, GroupQuery, Groups, Query, ReadQuestion, Rung, RungCapabilities, RungStats, Session } from '@ormolu/kernel';
import { channels, type AnswerEvent } from '@ormolu/kernel';

/**
 * The foot of the ladder: asks the reader's own session, and so the truth.
 *
 * It keeps nothing, so that publishing a commit to it has nothing to do.
 */
export class StorageRung implements Rung {
  readonly name = 'storage';
  readonly capabilities: RungCapabilities = { sharedAcrossTransactions: false, sharedAcrossProcesses: false };
  #questions = 0;
  #records = 0;
  #hits = 0;

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

  stats(): readonly RungStats[] {
    return [{ rung: this.name, questions: this.#questions, records: this.#records, hits: this.#hits }];
  }

  #answered(model: string, fields: readonly string[], asked: number, records: number): void {
    this.#questions += 1;
    this.#records += asked;
    this.#hits += records;
    if (!channels.answer.hasSubscribers) return;
    const event: AnswerEvent = { rung: this.name, model, fields, records };
    channels.answer.publish(event);
  }
}
