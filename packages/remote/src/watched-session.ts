import { PassingSession, type Columns, type GroupQuery, type Groups, type Query, type ReadQuestion } from '@ormolu/kernel';

/** What came down to the database: questions, and the records in them. */
export interface Reached {
  questions: number;
  records: number;
}

/** A session as the rungs of the server see it, which counts what they ask the database: what they do not ask, they have answered themselves. */
export class WatchedSession extends PassingSession {
  #reached: Reached = { questions: 0, records: 0 };

  /** What has reached the database since the last call. */
  takeReached(): Reached {
    const reached = this.#reached;
    this.#reached = { questions: 0, records: 0 };
    return reached;
  }

  override async read(question: ReadQuestion): Promise<Columns> {
    this.#count(question.ids.length);
    return this.below.read(question);
  }

  override async query(query: Query): Promise<Columns> {
    const answer = await this.below.query(query);
    this.#count(answer.ids.length);
    return answer;
  }

  override async count(query: Query): Promise<number> {
    this.#count(0);
    return this.below.count(query);
  }

  override async group(query: GroupQuery): Promise<Groups> {
    this.#count(0);
    return this.below.group(query);
  }

  #count(records: number): void {
    this.#reached.questions += 1;
    this.#reached.records += records;
  }
}
