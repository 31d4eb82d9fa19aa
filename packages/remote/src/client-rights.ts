import type { Schema, Session } from '@ormolu/kernel';
import type { Access } from './access';
import { ForbiddenError, OtherModelsError, ViewChangedError } from './errors';
import { narrowed, otherModel, type View } from './narrowed-schema';
import type { CallName, WireView } from './protocol';
import type { Served } from './server';
import { UserWriting, type Writable } from './user-writing';

/** What a user's session takes. */
const OF_USERS: readonly CallName[] = ['open', 'sight', 'read', 'compute', 'query', 'count', 'group', 'savepoint', 'rollbackTo', 'release', 'stream', 'next', 'leave', 'commit', 'rollback'];
/** … of one who may write, beside. */
const OF_WRITERS: readonly CallName[] = ['insert', 'update', 'delete'];

/** What a user may see, and how storages know it. */
export interface Seen {
  readonly schema: Schema;
  readonly view: View;
}

/** What the client at the other end of one connection may do and see: everything as a worker, else what the user may for whom it speaks. */
export class ClientRights {
  readonly access: Access;
  readonly #served: Served;

  constructor(access: Access, served: Served) {
    this.access = access;
    this.#served = served;
  }

  get isWorker(): boolean {
    return this.access === 'worker';
  }

  /** Whether what it commits has a token, by which it can ask what became of it. */
  get commits(): boolean {
    return this.isWorker || this.writable !== undefined;
  }

  /** What the user may write; undefined of one who only reads, and of a worker, whose writes go another way. */
  get writable(): Writable | undefined {
    return this.access === 'worker' || !this.#served.writerFor ? undefined : this.access.mayWrite;
  }

  /** @throws {ForbiddenError} REMOTE_FORBIDDEN */
  demand(call: CallName, isAboutStorage: boolean): void {
    if (this.isWorker) return;
    const may = isAboutStorage ? call === 'hello' || (call === 'outcome' && this.writable !== undefined) : OF_USERS.includes(call) || (OF_WRITERS.includes(call) && this.writable !== undefined);
    if (!may) throw new ForbiddenError(call);
  }

  /** What does the writes of a session that sees so much. */
  writing(seen: Promise<Seen>): (session: Session) => Promise<UserWriting> {
    return async (session) => {
      const writable = this.writable ?? [];
      const writer = this.access === 'worker' ? undefined : this.#served.writerFor?.(this.access.user, session, (model) => {
        if (writable !== true && !writable.includes(model)) throw new ForbiddenError('update', model);
      });
      if (!writer) throw new ForbiddenError('write');
      return new UserWriting(writer, await seen, writable);
    };
  }

  /**
   * What a user may see now, by the server's models.
   *
   * @param believed - the digest of what his client knows of that
   * @throws {OtherModelsError} REMOTE_MODELS @throws {ViewChangedError} REMOTE_VIEW
   */
  async seen(sent: Schema, believed: unknown): Promise<Seen> {
    const view = await this.#view();
    if (typeof believed === 'string' && believed !== view.digest) throw new ViewChangedError();
    const schema = narrowed(view);
    const other = otherModel(sent, schema);
    if (other !== undefined) throw new OtherModelsError(other);
    return { schema, view };
  }

  /** The same as it travels; null for a worker. */
  async wireView(): Promise<WireView | null> {
    if (this.isWorker) return null;
    const { user, digest, models } = await this.#view();
    return { user, digest, models: Array.from(models, ([model, { fields, served }]) => [model, [...fields], [...served]]) };
  }

  async #view(): Promise<View> {
    const view = this.access === 'worker' ? undefined : await this.#served.viewOf?.(this.access.user);
    if (!view) throw new ForbiddenError('open');
    return view;
  }
}
