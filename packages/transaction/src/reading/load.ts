import { isStoredId, type Id, type NewId } from '@ormolu/kernel';
import type { Field, Registry } from '@ormolu/registry';
import { fetchForDrafts } from '../drafts/draft-values';
import { isReadThrough, readThrough } from '../drafts/read-through';
import type { Environment } from '../environment/environment';
import { ComputeError, TransactionStateError } from '../errors';
import { fetchColumns, fetchList, fetchWithFellows } from './fetch';
import { meetCompany } from '../environment/keyed-fields';
import { fetchListsBelow, leadsToItself, LongWay } from './long-way';
import { addPath, pathTree, type PathTree } from './paths';
import { flushForServed, leadsToServed } from './served';
import { computeInMemory } from '../computing/compute-in-memory';
import { computeAll } from '../computing/recompute';
import { resolveTriggers } from '../triggers/resolve-triggers';
import { run } from '../running/run';
import { settleUnseen } from '../triggers/unseen';
import { withNewest } from './with-newest';
import { SetWhenAsked } from '../triggers/set-when-asked';
import type { Transaction } from '../transaction';
import { isList, recordsOf, relatedIds } from '../values';

/**
 * Brings paths into memory, level by level: what is stored is fetched, what is computed is computed.
 *
 * @param paths - field names with dots
 * @throws {UnknownFieldError} FIELD_UNKNOWN
 * @throws {ComputeError} TX_COMPUTE_FAILED
 * @remarks One round trip at most per path prefix and kind of field, beside those that pending triggers take.
 */
export async function load(env: Environment, model: string, given: readonly Id[], paths: readonly string[]): Promise<void> {
  await withNewest(env.transaction, () => loadOnce(env, model, given, paths));
}

/** The same with one version of the models. */
async function loadOnce(env: Environment, model: string, given: readonly Id[], paths: readonly string[]): Promise<void> {
  const tx = env.transaction;
  const ids = given.every(isStoredId) ? given : given.map((id) => tx.drafts.current(id));
  const tree = pathTree(tx.registry, model, paths);
  if (leadsToServed(tree)) await flushForServed(tx);
  await meetCompany(env);
  if (tx.triggers.size > 0) await resolveTriggers(tx);
  if (tx.unseen.size > 0) await settleUnseen(tx);
  // Lists on the other side of what is still to be computed would be out of date. What fails is told to who reads it.
  for (const relation of tx.toCompute.relations()) await tx.recompute(relation, tx.toCompute.get(relation));
  await new Loading(env).level(ids, tree, 'compute');
}

/** Fetches what the compute of a field will read for some records, as its `depends` declare it. */
export async function loadCauses(tx: Transaction, field: Field, ids: readonly Id[]): Promise<void> {
  await meetCompany(tx.rootEnv);
  await new Loading(tx.rootEnv).causes(field, ids);
}

/** One load: remembers whose causes it has looked at, so that recursive fields end. */
class Loading {
  readonly #env: Environment;
  readonly #registry: Registry;
  readonly #seen = new Map<Field, SetWhenAsked>();
  readonly #way: LongWay;

  constructor(env: Environment) {
    this.#env = env;
    this.#registry = env.registry;
    this.#way = new LongWay(env.transaction);
  }

  /** Loads one level of a tree of paths, then those below it. */
  async level(ids: readonly Id[], tree: PathTree, mode: 'fetch' | 'compute'): Promise<void> {
    const tx = this.#env.transaction;
    if (ids.length === 0 || tree.fields.size === 0) return;
    const fields = [...tree.fields.keys()];
    const [first] = fields;
    if (mode === 'fetch' && first) await this.#way.climb(first.model, ids);
    const columns = this.#columns(fields, ids);
    // Who names what to load gets that; what computes read comes with what they may read next.
    await (mode === 'fetch' ? fetchWithFellows(tx, columns, ids, this.#env) : fetchColumns(tx, columns, ids, this.#env));
    const hasDrafts = ids.some((id) => !isStoredId(id));
    const marked = mode === 'compute' ? fields.filter((field) => field.isStored && tx.toCompute.isMarked(field)) : [];
    for (const field of fields) {
      if (hasDrafts && !field.compute) await fetchForDrafts(this.#env, field, ids);
      if (isList(field) && field.isPersistent) await this.#list(field, ids, mode);
      if (!field.compute) continue;
      if (hasDrafts) await this.#readThrough(field, ids, mode);
      // What is in memory needs no loading: then it is computed at once.
      this.#refuseOvertaken();
      if (mode === 'compute' && field.isStored && computeInMemory(tx, field, ids)) continue;
      await this.causes(field, this.#uncomputed(field, ids));
      if (mode === 'fetch') continue;
      const failures = await run(tx, () => {
        this.#refuseOvertaken();
        return computeAll(this.#env, field, this.#uncomputed(field, ids));
      });
      if (failures.length > 0) throw new ComputeError(failures);
    }
    // What was marked was not fetched, and stays as it was where nothing it is computed from has changed.
    if (marked.length > 0) await fetchColumns(tx, marked, ids, this.#env);
    for (const [field, below] of tree.fields) if (below.fields.size > 0) await this.level(relatedIds(this.#env, field, ids), below, mode);
  }

  /** @throws {TransactionStateError} TX_STATE when the models are of another version now: what these compute is not what the new ones do. Whoever loads begins again */
  #refuseOvertaken(): void {
    if (this.#env.registry !== this.#registry) throw new TransactionStateError('TX_STATE', 'Another version of the models was taken by reset() while this was loaded. Load it again.', { details: { call: 'load' } });
  }

  /** What drafts read of their origins' computed values. */
  async #readThrough(field: Field, ids: readonly Id[], mode: 'fetch' | 'compute'): Promise<void> {
    const tx = this.#env.transaction;
    const through = ids.filter((id): id is NewId => isReadThrough(tx, field, id) && this.#env.peek(field, id) === undefined);
    if (through.length === 0) return;
    await this.level(through.flatMap(({ origin }) => origin ?? []), { fields: new Map([[field, { fields: new Map() }]]) }, mode);
    for (const id of through) {
      const value = readThrough(this.#env, field, id);
      if (value !== undefined) tx.cache.set(recordsOf(this.#env, field, [id]), field, value);
    }
  }

  /** Who computes what reads the same of all below it walks down to the end; who names lists says how far. */
  async #list(field: Field, ids: readonly Id[], mode: 'fetch' | 'compute'): Promise<void> {
    const isLong = mode === 'fetch' && field.relation?.kind === 'one2many' && leadsToItself(field) && this.#way.reaches(field, ids);
    await (isLong ? fetchListsBelow(this.#env.transaction, field, ids) : fetchList(this.#env.transaction, field, ids));
  }

  /** Fetches what a compute reads. What it reads is not computed here: that happens in one go, causes first. */
  async causes(field: Field, ids: readonly Id[]): Promise<void> {
    const seen = this.#seen.get(field);
    const fresh = seen ? ids.filter((id) => !seen.has(id)) : ids;
    if (seen) for (const id of fresh) seen.add(id);
    else this.#seen.set(field, new SetWhenAsked(() => ids));
    const tree: PathTree = { fields: new Map() };
    for (const path of this.#env.registry.dependsOn(field)) addPath(tree, path);
    // The value as stored comes along where a statement is due anyway: an equal result need not be written.
    const isDue = [...tree.fields.keys()].some((other) => other.isStored && this.#misses(other, fresh));
    if (field.isStored && isDue) addPath(tree, [field]);
    await this.level(fresh, tree, 'fetch');
  }

  /** The stored ones of some fields, and the columns of the same records from which the others are computed: one question for all. */
  #columns(fields: readonly Field[], ids: readonly Id[]): readonly Field[] {
    const columns = new Set<Field>();
    const seen = new Set<Field>();
    const work = [...fields];
    for (let field = work.pop(); field; field = work.pop()) {
      if (seen.has(field)) continue;
      seen.add(field);
      if (field.isStored || field.isServed) columns.add(field);
      if (field.compute && this.#uncomputed(field, ids).length > 0) for (const [own] of this.#env.registry.dependsOn(field)) if (own) work.push(own);
    }
    return [...columns];
  }

  #misses(field: Field, ids: readonly Id[]): boolean {
    return ids.some((id) => isStoredId(id) && this.#env.peek(field, id) === undefined && !this.#env.transaction.absent.has(field.model, id));
  }

  /** Those of the records for which a computed field must be computed. */
  #uncomputed(field: Field, ids: readonly Id[]): readonly Id[] {
    const tx = this.#env.transaction;
    if (field.isStored) {
      if (ids.every(isStoredId)) return tx.toCompute.among(field, ids);
      return ids.filter((id) => (isStoredId(id) ? tx.toCompute.has(field, id) : this.#env.peek(field, id) === undefined && !isReadThrough(tx, field, id)));
    }
    const missing = [...tx.cache.getMissingIds(recordsOf(this.#env, field, ids), field)];
    return missing.filter((id) => !isStoredId(id) || !tx.absent.has(field.model, id));
  }
}
