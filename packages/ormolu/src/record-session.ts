import { isDeepStrictEqual } from 'node:util';
import { MisuseError, VERSION_FIELD, type StoredId } from '@ormolu/kernel';
import type { ModelNameOf, ValuesOf } from '@ormolu/registry';
import { WeakBoundedMap } from '@ormolu/tiers';
import type { RecordSet, Transaction } from '@ormolu/transaction';

/** How a session keeps its instances. */
export interface RecordSessionOptions {
  /** Whether there is one instance a record. @defaultValue whether the database's local cache is on when the session is made */
  readonly localCache?: boolean | undefined;
}

/** A record outside of transactions: its values, to be changed at will, and the version they were read with. */
export class RecordInstance<V extends object> {
  readonly model: string;
  readonly id: StoredId;
  /** Of the record, as the database counts them. */
  version: bigint;
  /** Its own columns, ids for records. */
  values: V;
  /** As they were read. */
  read: V;
  /** Of what must not leave while somebody holds the instance: its place among the session's, and the record's image in the local cache. */
  readonly #leases: { place?: object | undefined; image?: object | undefined } = {};
  /** When all that was begun with it has ended. */
  #busy: Promise<unknown> | undefined;

  /** @see RecordSession.load */
  constructor(model: string, id: StoredId, { version, values }: Known<V>) {
    this.model = model;
    this.id = id;
    this.version = version;
    this.values = values;
    this.read = copyOf(values);
  }

  /** Whether values were changed since it was loaded or saved. */
  get isChanged(): boolean {
    return !isDeepStrictEqual(this.values, this.read);
  }

  /** Keeps something from leaving for as long as somebody holds the instance. */
  hold(what: 'place' | 'image', lease: object | undefined): void {
    if (lease) this.#leases[what] = lease;
  }

  /** Takes what the database has. What was assigned since the values were those given stays. */
  take({ version, values }: Known<V>, since: V = this.read): void {
    // In place: somebody may hold the values.
    for (const field of new Set([...Object.keys(since), ...Object.keys(values)]) as Set<keyof V>) { // the keys of both
      if (!isDeepStrictEqual(this.values[field], since[field])) continue;
      if (field in values) this.values[field] = values[field];
      else Reflect.deleteProperty(this.values, field);
    }
    this.version = version;
    this.read = copyOf(values);
  }

  /** Does something with it when all that was begun before has ended; at once when nothing was. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#busy ? this.#busy.then(work) : work();
    const ended = done.then(() => undefined, () => undefined).then(() => {
      if (this.#busy === ended) this.#busy = undefined;
    });
    this.#busy = ended;
    return done;
  }
}

/** Values with the version they belong to. */
interface Known<V> {
  readonly version: bigint;
  readonly values: V;
}

/** The columns of a model, ids for records, to be changed. */
export type InstanceValues<D, N extends ModelNameOf<D>> = { -readonly [F in keyof Omit<ValuesOf<D, N>, 'id'>]: ValuesOf<D, N>[F] };

type Instance<D, N extends ModelNameOf<D>> = RecordInstance<InstanceValues<D, N>>;

/** Runs a unit of work in a transaction of its own. */
export type InTransaction = <T>(work: (tx: Transaction) => Promise<T>, options: { readonly isWriting: boolean }) => Promise<T>;

/** Lends a committed image of the local cache, which stays there for as long as the lease is held. */
export type ImageOf = (model: string, id: StoredId) => object | undefined;

/** Instances that somebody used lately are found again; those in use always are. */
const MOST_INSTANCES = 1_000;

/**
 * Work across transactions: records are loaded, changed at leisure, and saved when nobody else has changed them meanwhile.
 *
 * With its cache on there is one instance a record, however often it is loaded: what one part of a program changes, the others see. With it off
 * every load makes another, and of two that are saved the second meets a `ConcurrentModificationError`, in one thread, too.
 * @see docs/local-cache.md; OrientDB's level-1 cache
 */
export class RecordSession<D> {
  readonly #run: InTransaction;
  readonly #imageOf: ImageOf;
  readonly #instances: WeakBoundedMap<string, RecordInstance<object>> | undefined;

  constructor(run: InTransaction, imageOf: ImageOf, localCache: boolean) {
    this.#run = run;
    this.#imageOf = imageOf;
    if (localCache) this.#instances = new WeakBoundedMap({ maxEntries: MOST_INSTANCES, weigh: () => 1 });
  }

  /**
   * A record's instance. One that is there already takes what the database has, unless it was changed and not saved.
   *
   * @returns undefined when there is no such record
   * @throws {MisuseError} DB_SESSION_UNVERSIONED for a model without the option `versioned`
   * @remarks One transaction; the local cache of the database answers what it can.
   */
  async load<N extends ModelNameOf<D>>(model: N, id: StoredId): Promise<Instance<D, N> | undefined> {
    const held = this.#held(model, id);
    // After whatever was begun with the instance: an answer from before a save would set it back.
    if (held) return held.inTurn(() => this.#loadAgain(model, id, held));
    const known = await this.#known(model, id);
    const meanwhile = this.#held(model, id);
    if (meanwhile) {
      // Of two answers that differ, nobody can tell which is the later one.
      const isSame = known?.version === meanwhile.version && isDeepStrictEqual(known.values, meanwhile.read);
      return isSame ? meanwhile : this.load(model, id);
    }
    if (!known) return undefined;
    const fresh = new RecordInstance(model, id, known);
    fresh.hold('image', this.#imageOf(model, id));
    const key = keyOf(model, id);
    this.#instances?.set(key, fresh);
    // So it stays the record's one instance.
    fresh.hold('place', this.#instances?.lend(key));
    return fresh;
  }

  /**
   * Writes what was changed of an instance, when the record has the version it was read with. What is assigned while that is under way is left
   * to the next save.
   *
   * @throws {ConcurrentModificationError} STORAGE_VERSION when somebody else has changed or removed it; the instance stays as it is
   * @remarks One transaction, after all that was begun with the instance before. Awaited in a hook that another save of the instance runs, it never ends.
   */
  async save<V extends object>(instance: RecordInstance<V>): Promise<void> {
    await instance.inTurn(async () => {
      const sent = copyOf(instance.values);
      const changed = Object.fromEntries(Object.entries(sent).filter(([field, value]) => !isDeepStrictEqual(value, instance.read[field as keyof V])));
      if (Object.keys(changed).length === 0) return;
      const known = await this.#run(async (tx) => {
        await demanding(tx, instance).write(changed);
        await tx.flush();
        tx.cache.invalidate();
        return readKnown<V>(tx, instance.model, instance.id);
      }, { isWriting: true });
      if (known) instance.take(known, sent);
      instance.hold('image', this.#imageOf(instance.model, instance.id));
    });
  }

  /** Removes an instance's record, under the same condition. @throws {ConcurrentModificationError} STORAGE_VERSION */
  async delete(instance: RecordInstance<object>): Promise<void> {
    await instance.inTurn(async () => {
      await this.#run((tx) => demanding(tx, instance).unlink(), { isWriting: true });
      this.#instances?.delete(keyOf(instance.model, instance.id));
    });
  }

  /** Forgets all instances: the next load of a record makes another. */
  invalidate(): void {
    this.#instances?.clear();
  }

  /** What the database has now, for an instance whose turn it is. */
  async #loadAgain<N extends ModelNameOf<D>>(model: N, id: StoredId, held: Instance<D, N>): Promise<Instance<D, N> | undefined> {
    // It may have been removed or forgotten while its turn was waited for.
    if (this.#held(model, id) !== held) return this.load(model, id);
    const known = await this.#known(model, id);
    if (!known) {
      if (this.#held(model, id) === held) this.#instances?.delete(keyOf(model, id));
      return undefined;
    }
    // The version is not asked: a record that was removed and made again counts from 1.
    if (!held.isChanged) held.take(known);
    held.hold('image', this.#imageOf(model, id));
    return held;
  }

  #known<N extends ModelNameOf<D>>(model: N, id: StoredId): Promise<Known<InstanceValues<D, N>> | undefined> {
    return this.#run((tx) => readKnown<InstanceValues<D, N>>(tx, model, id), { isWriting: false });
  }

  #held<N extends ModelNameOf<D>>(model: N, id: StoredId): Instance<D, N> | undefined {
    return this.#instances?.get(keyOf(model, id)) as Instance<D, N> | undefined; // as it was put in
  }
}

/** The record of an instance, whose version every change demands. */
function demanding(tx: Transaction, { model, id, version }: RecordInstance<object>): RecordSet {
  tx.versions?.note(model, [id], [version], false);
  return tx.rootEnv.model(model).browse(id);
}

async function readKnown<V extends object>(tx: Transaction, model: string, id: StoredId): Promise<Known<V> | undefined> {
  const { fields } = tx.registry.model(model);
  if (!tx.session.schema.table(model).versioned) {
    throw new MisuseError('DB_SESSION_UNVERSIONED', `Records of model '${model}' have no version by which a session could tell whether somebody else has changed them. Give the model the option versioned: true, and run db.migrate().`, { details: { model } });
  }
  const { ids, columns: [versions = []] } = await tx.below.read({ model, ids: [id], fields: [VERSION_FIELD] });
  if (ids.length === 0) return undefined;
  const names = [...fields.values()].filter(({ isStored }) => isStored).map(({ name }) => name);
  const [found] = await tx.rootEnv.model(model).browse(id).read(names);
  if (!found) return undefined;
  const { id: _, ...values } = found;
  // The registry's types say what `read` gives; a versioned model's version is a bigint.
  return { version: versions[0] as bigint, values: values as V };
}

/** Values that can be changed in place are copied: a change must be seen. Json values are frozen. */
function copyOf<V extends object>(values: V): V {
  const copy = (value: unknown): unknown => (value instanceof Date ? new Date(value) : value instanceof Uint8Array ? value.slice() : value);
  return Object.fromEntries(Object.entries(values).map(([field, value]) => [field, copy(value)])) as V; // the same names, each with the same kind of value
}

function keyOf(model: string, id: StoredId): string {
  return `${model}:${typeof id}:${String(id)}`;
}
