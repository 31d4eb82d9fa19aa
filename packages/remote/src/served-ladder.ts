import type { Columns, GroupQuery, Groups, Query, ReadQuestion, Rung, Session, SessionOptions, StoredId, UpdateRows } from '@ormolu/kernel';
import { WatchedSession, type Reached } from './watched-session';

/** The rungs of a server's own, which its clients' questions meet before its storage. */
export interface Ladder {
  /** The first of them; the last asks the session that it is given. */
  readonly rung: Rung;
  /** What sessions are opened with for their sake; false: none of them keeps anything now. */
  readonly sight: NonNullable<SessionOptions['sight']>;
}

/** A question as its rungs answer it, in one transaction of a client. */
export class ServedLadder {
  readonly #rung: Rung | undefined;
  #session: WatchedSession | undefined;
  readonly #changed = new Map<string, Set<StoredId>>();

  /** @param rung - absent: the storage is asked each time */
  constructor(rung: Rung | undefined) {
    this.#rung = rung;
  }

  read(session: Session, question: ReadQuestion): Promise<Columns> {
    return this.#rung ? this.#rung.read(this.#watch(session), question) : this.#watch(session).read(question);
  }

  query(session: Session, query: Query): Promise<Columns> {
    return this.#rung ? this.#rung.query(this.#watch(session), withoutPlaces(query)) : this.#watch(session).query(query);
  }

  count(session: Session, query: Query): Promise<number> {
    return this.#rung ? this.#rung.count(this.#watch(session), withoutPlaces(query)) : this.#watch(session).count(query);
  }

  group(session: Session, query: GroupQuery): Promise<Groups> {
    return this.#rung ? this.#rung.group(this.#watch(session), withoutPlaces(query)) : this.#watch(session).group(query);
  }

  /** What has reached the database since the last call. */
  takeReached(): Reached | undefined {
    return this.#session?.takeReached();
  }

  /** Notes what a statement has changed. */
  async changing(model: unknown, ids: Promise<readonly StoredId[]>): Promise<readonly StoredId[]> {
    const found = await ids;
    if (this.#rung === undefined) return found;
    const changed = this.#changed.get(String(model)) ?? new Set();
    this.#changed.set(String(model), changed);
    for (const id of found) changed.add(id);
    return found;
  }

  /** After the commit: the rungs learn what it has changed. */
  async publish(session: Session): Promise<void> {
    if (this.#changed.size > 0) await this.#rung?.publish({ changed: this.#changed, images: session.committed });
  }

  #watch(session: Session): WatchedSession {
    return (this.#session ??= new WatchedSession(session));
  }
}

/** Where a client keeps answers, and under which names, is no business of the server's caches; that they are to be left out of it is. */
function withoutPlaces<Q extends Query | GroupQuery>(query: Q): Q {
  const { caching } = query;
  return caching === undefined ? query : { ...query, caching: caching.use === undefined ? undefined : { use: caching.use } };
}

/** The model of rows as a client sends them; what is none is refused by the storage. */
export function modelOf(rows: unknown): unknown {
  return (rows as Partial<UpdateRows> | null)?.model;
}
