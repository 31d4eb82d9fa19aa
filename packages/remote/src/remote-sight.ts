import { LogNames, NamedLog, OwnChanges, parseSnapshot, updatedFields, type CachedRead, type Isolation, type Schema, type Sight, type StoredId, type Tag } from '@ormolu/kernel';
import type { RemoteChangeLog } from './remote-log';
import type { WireExtent, WireSight, WireTag } from './wire-sight';

/** What a session of a client with `sight` knows: what its transaction sees, what that has changed, and what caches here have answered it. */
export class RemoteSight {
  readonly #log: RemoteChangeLog;
  readonly #isolation: Isolation;
  readonly #own = new OwnChanges();
  #schema: Schema;
  /** Null: caches answer nothing. Undefined: the server is to be asked. */
  #told: Sight | null | undefined;
  #cachedReads: CachedRead[] = [];
  /** Models that it has written. */
  readonly #written = new Set<string>();

  constructor(log: RemoteChangeLog, schema: Schema, isolation: Isolation) {
    this.#log = log;
    this.#schema = schema;
    this.#isolation = isolation;
  }

  /** What the server need not tell. */
  get extent(): WireExtent | null {
    return this.#log.extent;
  }

  /** What the transaction sees. @param ask - asks the server, whose answer comes by {@link hear} */
  async current(ask: () => Promise<void>): Promise<Sight | undefined> {
    // Where each statement sees more than the one before, what an earlier one saw is of no use.
    if (this.#isolation === 'read committed') this.#told = undefined;
    if (this.#told === undefined) await ask();
    return this.#told ?? undefined;
  }

  /** Takes in what came with an answer. */
  hear(sight: WireSight | undefined, touched: readonly WireTag[] | undefined): void {
    if (sight) {
      this.#log.learn(sight);
      this.#told = this.#sightOf(sight);
    }
    if (!touched) return;
    // The server has left out already what statements were told to do.
    this.#own.forgetTold();
    this.#own.met(touched.map(([model, id, fields]) => ({ model, id, fields })));
  }

  /** What the server has told does not hold any more, or may not. */
  forget(schema: Schema = this.#schema): void {
    this.#schema = schema;
    this.#told = undefined;
  }

  /**
   * Notes what a statement was told to do, and has done. What acted behind the first one of a model the server finds out when it is asked.
   * @param fields - null: records come or go
   */
  wrote(model: string, ids: readonly StoredId[], fields: readonly string[] | null): void {
    this.#own.wrote(model, ids, fields && updatedFields(this.#schema, model, fields));
    this.#own.forgetTold();
    if (this.#written.has(model)) return;
    this.#written.add(model);
    this.#told &&= undefined;
  }

  /** A savepoint has taken statements back, and with them their locks. */
  tookBack(): void {
    this.#written.clear();
  }

  takeTouched(): readonly Tag[] {
    return this.#own.takeTouched();
  }

  noteCached(reads: readonly CachedRead[]): void {
    if (this.#isolation === 'serializable') this.#cachedReads.push(...reads);
  }

  /** What the server is to ask its database again. */
  takeCached(): readonly CachedRead[] {
    const reads = this.#cachedReads;
    this.#cachedReads = [];
    return reads;
  }

  #sightOf({ uncachable, seen }: WireSight): Sight | null {
    const snapshot = seen ? parseSnapshot(seen.snapshot) : undefined;
    if (!seen || !snapshot) return null;
    const reasons = new Map(uncachable);
    return {
      snapshot,
      epoch: seen.epoch,
      log: new NamedLog(this.#log.knowledge, new LogNames(this.#schema), seen.version),
      isChangedHere: (tag) => this.#own.has(tag),
      hasChanged: () => this.#own.hasAny || seen.hasChanged,
      whyUncachable: (model) => reasons.get(model),
    };
  }
}
