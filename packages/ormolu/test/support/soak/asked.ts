import type { Columns, Commit, GroupQuery, Groups, Query, ReadQuestion, Rung, RungStats, Session, StoredId } from '@ormolu/kernel';
import { StorageRung } from '@ormolu/storage';

/** A place in the ladder, its foot if nothing else is said, which remembers what it was asked: what it was not asked, a cache above it has answered. */
export class Asked implements Rung {
  readonly name = 'asked';
  readonly capabilities: Rung['capabilities'] = { sharedAcrossTransactions: false, sharedAcrossProcesses: false };
  readonly #below: Rung;
  readonly ids = new Set<StoredId>();
  wasAsked = false;

  constructor(below: Rung = new StorageRung()) {
    this.#below = below;
  }

  /** Begins to remember anew. */
  forget(): void {
    this.ids.clear();
    this.wasAsked = false;
  }

  read(session: Session, question: ReadQuestion): Promise<Columns> {
    this.wasAsked = true;
    for (const id of question.ids) this.ids.add(id);
    return this.#below.read(session, question);
  }

  query(session: Session, query: Query): Promise<Columns> {
    this.wasAsked = true;
    return this.#below.query(session, query);
  }

  count(session: Session, query: Query): Promise<number> {
    this.wasAsked = true;
    return this.#below.count(session, query);
  }

  group(session: Session, query: GroupQuery): Promise<Groups> {
    this.wasAsked = true;
    return this.#below.group(session, query);
  }

  publish(commit: Commit): Promise<void> {
    return this.#below.publish(commit);
  }

  stats(): readonly RungStats[] {
    return this.#below.stats();
  }
}
