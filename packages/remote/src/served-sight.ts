import { formatSnapshot, type CachedRead, type LogKnowledge, type Schema, type Session, type Sight, type Storage } from '@ormolu/kernel';
import { seenRows, seenTags } from './narrowed-answers';
import { knownOf, newsToWire, tagToWire, type WireSight, type WireTag } from './wire-sight';

/** What is told beside an answer. */
export interface Told {
  readonly sight?: WireSight | undefined;
  readonly touched?: readonly WireTag[] | undefined;
}

/**
 * What a client's caches have to know of its transaction, told by the way: with the first answer what it sees and what is new in the change
 * log, with each write what that has touched.
 */
export class ServedSight {
  readonly #storage: Storage;
  /** By the client's own names, or by what the server lets it see. */
  #schema: Schema | Promise<Schema>;
  /** How far the client knew the log when it opened the session, or asked last. */
  #extent: unknown;
  readonly #reachesFar: boolean;
  readonly #isNarrow: boolean;
  #isTold = false;

  constructor(storage: Storage, schema: Schema | Promise<Schema>, { extent, reachesFar, isNarrow }: { readonly extent: unknown; readonly reachesFar: boolean; /** The client may not see all of the log. */ readonly isNarrow: boolean }) {
    this.#storage = storage;
    this.#schema = schema;
    this.#extent = extent;
    this.#reachesFar = reachesFar;
    this.#isNarrow = isNarrow;
  }

  /** What was told may not hold any more. */
  forget(schema: Schema | Promise<Schema> = this.#schema): void {
    this.#schema = schema;
    this.#isTold = false;
  }

  /** What a client wants to know by name. */
  async ask(session: Session, extent: unknown): Promise<Told> {
    this.#extent = extent;
    return { sight: await this.#look(session), ...await this.#touched(session) };
  }

  /** What goes with an answer that the database has given: a look costs nothing then, where one holds for the whole transaction and nothing was written. */
  async beside(session: Session, { hasWritten }: { readonly hasWritten: boolean }): Promise<Told> {
    const isFree = !this.#isTold && !hasWritten && session.isolation === 'repeatable read' && session.state === 'open';
    return { ...isFree && { sight: await this.#look(session) }, ...await this.#touched(session) };
  }

  /** Takes what the client's caches have answered it. */
  noteCached(session: Session, reads: unknown): void {
    if (Array.isArray(reads) && reads.length > 0) session.noteCached?.(reads as readonly CachedRead[]); // as its own type says; the storage looks at names
  }

  async #look(session: Session): Promise<WireSight> {
    const sight = await session.sight?.();
    this.#isTold = true;
    const { changeLog } = this.#storage;
    const schema = await this.#schema;
    const names = schema.tables.map(({ model }) => model);
    const reasons = (model: string): string | undefined => (sight ? sight.whyUncachable(model) : changeLog?.uncachable?.get(model));
    const uncachable = ['*', ...names].flatMap((model) => {
      const reason = reasons(model);
      return reason === undefined ? [] : [[model, reason] as const];
    });
    return { uncachable, seen: sight && changeLog ? this.#seen(sight, changeLog.knowledge, schema) : null };
  }

  #seen(sight: Sight, knowledge: LogKnowledge, schema: Schema): WireSight['seen'] {
    const { snapshot, epoch } = sight;
    const known = knownOf(this.#extent, knowledge.extent?.epoch);
    const news = knowledge.newsFor(known, this.#reachesFar ? {} : { from: snapshot.xmin });
    if (!news) return null;
    const version = epoch.startsWith(`${news.epoch}/`) ? epoch.slice(news.epoch.length + 1) : '';
    return { snapshot: formatSnapshot(snapshot), epoch, version, hasChanged: sight.hasChanged(), news: newsToWire(this.#isNarrow ? { ...news, rows: seenRows(news.rows, schema) } : news) };
  }

  async #touched(session: Session): Promise<Pick<Told, 'touched'>> {
    const taken = session.takeTouched?.() ?? [];
    const touched = this.#isNarrow && taken.length > 0 ? seenTags(taken, await this.#schema) : taken;
    return touched.length > 0 ? { touched: touched.map(tagToWire) } : {};
  }
}
