import { randomUUID } from 'node:crypto';
import { ConflictError, MODELS_SIGNAL, sees, type Heard, type Session, type Storage, type UserView } from '@ormolu/kernel';
import { narrowedRegistry, type Extension, type Models, type ModelsPatch, type Registry } from '@ormolu/registry';

/** What a process tells the others. */
interface Told {
  /** Who tells it. */
  readonly by: string;
  readonly patch: ModelsPatch;
}

const TAG = { model: MODELS_SIGNAL };

/**
 * The models of an open database, which follow those of other processes: what one of them reloads travels as a row of the change log, and is
 * seen by whoever sees its commit.
 *
 * Reloads from before this process first looked are none of its concern: it began with what its program says.
 */
export class FollowedModels {
  readonly #modules: readonly Extension<unknown>[];
  readonly #self = randomUUID();
  #models: Models<unknown>;
  #registry: Registry;
  /** As a user's program may have them, and by which view. */
  #narrowed: { readonly digest: string; readonly registry: Registry } | undefined;
  /** The transactions whose reloads were met; undefined: nobody has looked yet. */
  #met: Set<bigint> | undefined;

  /** @param modules - those that another process may have joined @throws {ModelSetupError} REGISTRY_SETUP_FAILED */
  constructor(models: Models<unknown>, modules: readonly Extension<unknown>[]) {
    this.#models = models;
    this.#registry = models.registry();
    this.#modules = modules;
  }

  /** The newest version: what transactions begin with. */
  get registry(): Registry {
    return this.#registry;
  }

  /** The newest version, as far as it may be seen. @throws {ModelSetupError} REGISTRY_SETUP_FAILED when that does not hang together */
  registryFor(view: UserView | undefined): Registry {
    if (!view) return this.#registry;
    if (this.#narrowed?.digest !== view.digest) this.#narrowed = { digest: view.digest, registry: narrowedRegistry(this.#models, view) };
    return this.#narrowed.registry;
  }

  /** @throws {ModelSetupError} REGISTRY_SETUP_FAILED; then nothing has changed */
  take(models: Models<unknown>): void {
    this.#registry = models.registry();
    this.#models = models;
    this.#narrowed = undefined;
  }

  /** What stands in the change log for others to come to these models from those that are here. */
  signalOf(models: Models<unknown>): string {
    const told: Told = { by: this.#self, patch: models.registry().patchFrom(this.#registry) };
    return `${MODELS_SIGNAL} ${JSON.stringify(told)}`;
  }

  /**
   * Follows the reloads that a transaction sees, as far as this program can.
   *
   * @returns whether there are other models now
   * @remarks In memory. Where there is nothing new, a look at one entry of a map.
   */
  follow({ snapshot, log }: Heard): boolean {
    const seen = [...log.writersOf(TAG)].filter((xid) => sees(snapshot, xid));
    if (!this.#met) {
      this.#met = new Set(seen);
      return false;
    }
    const met = this.#met;
    const fresh = new Set(seen.filter((xid) => !met.has(xid)));
    if (fresh.size === 0) return false;
    const before = this.#registry;
    for (const { xid, id } of log.rowsOf(TAG)) {
      if (!fresh.has(xid)) continue;
      met.add(xid);
      this.#apply(String(id));
    }
    return this.#registry !== before;
  }

  #apply(text: string): void {
    try {
      const { by, patch } = JSON.parse(text) as Told; // as another process of this library has put it
      if (by === this.#self || patch.toDigest === this.#registry.digest) return;
      this.take(this.#models.patched(patch, this.#modules));
    } catch (error) {
      // Whatever it is: what somebody else wrote there must not keep this process from its work.
      const reason = error instanceof Error ? error.message : String(error);
      process.emitWarning(`Another process has reloaded its models, and this one cannot follow and goes on with version ${String(this.#registry.version)}: ${reason}`, { code: 'DB_MODELS_REFUSED' });
    }
  }
}

/** The number under which processes that reload take turns: the letters "OrmRel". */
const RELOADS = 0x4f726d52656cn;

/** Says that work began with models that are no longer the newest. */
export function modelsReloaded(remedy: string): ConflictError {
  return new ConflictError('DB_MODELS_RELOADED', `Another process has reloaded the models meanwhile. ${remedy}`);
}

/** What a session is told of the log: while somebody alters tables it has no sight for caches, and hears of reloads all the same. */
export async function heardBy(session: Session): Promise<Heard | undefined> {
  return (await session.sight?.()) ?? session.heard;
}

/** So often it is looked anew at a database whose tables others alter meanwhile. */
const MOST_TRIES = 10;

/**
 * Tells other processes of other models, in a transaction of the change log.
 *
 * @throws {ConflictError} DB_MODELS_RELOADED when another process was faster; this one has followed it
 * @throws {ConflictError} DB_MODELS_UNTOLD when the log could not be looked at
 * @throws {MisuseError} STORAGE_CHANGE_LOG when the role may not insert into the change log
 */
export async function tellOfReload(storage: Storage, followed: FollowedModels, models: Models<unknown>): Promise<void> {
  for (let tries = 1; !await isTold(storage, followed, models); tries += 1) {
    if (tries === MOST_TRIES) throw new ConflictError('DB_MODELS_UNTOLD', 'Other processes cannot be told of the models: the change log could not be looked at, because tables are altered all the time or there is no connection for it. Nothing has changed. Reload again.');
  }
}

/** @returns false: the session has begun among other tables than were known, or could not look, and has told nothing */
async function isTold(storage: Storage, followed: FollowedModels, models: Models<unknown>): Promise<boolean> {
  const session = await storage.open({ schema: followed.registry.schema, isolation: 'read committed', sight: true });
  try {
    const takesSql = storage.capabilities.sql;
    if (takesSql) {
      if (isUnlogged(storage)) return true;
      // Before the look, which so tells who was faster.
      await session.sql('select pg_advisory_xact_lock($1::int8)', [RELOADS]);
    }
    const heard = await heardBy(session);
    if (!heard) return isUnlogged(storage);
    if (followed.follow(heard)) throw modelsReloaded('This one has followed: look at what there is now, and reload again if it still makes sense.');
    // Where roles are told apart, not by a signal, which is for everybody: whoever tells of models decides what the others do.
    if (takesSql) await session.sql('insert into ormolu_log (model) values ($1)', [followed.signalOf(models)]);
    else await session.signal?.([followed.signalOf(models)]);
    await session.commit();
    return true;
  } finally {
    await session.rollback();
  }
}

/** Without a log there is nobody who listens to it. */
function isUnlogged({ changeLog }: Storage): boolean {
  return !changeLog || changeLog.uncachable?.has('*') === true;
}
