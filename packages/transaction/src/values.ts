import { MISS } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import type { Field, Model, Registry } from '@ormolu/registry';
import type { Environment } from './environment/environment';
import type { Transaction } from './transaction';

/**
 * Some records of a model, as the cache takes them: the engine's own work needs no handles with accessors.
 */
export class IdsOf {
  readonly env: Environment;
  readonly model: string;
  readonly ids: readonly Id[];

  constructor(env: Environment, model: string, ids: readonly Id[]) {
    this.env = env;
    this.model = model;
    this.ids = ids;
  }

  browse(ids: readonly Id[]): IdsOf {
    return new IdsOf(this.env, this.model, ids);
  }
}

/** The records of a field's model with these ids. */
export function recordsOf(env: Environment, field: Field, ids: readonly Id[]): IdsOf {
  return new IdsOf(env, field.model, ids);
}

/** A cached many2one, or `undefined` when it is not in memory: what the relation walks ask for. */
export function cachedReference(env: Environment, field: Field, id: Id): Id | null | undefined {
  // A many2one is cached as an id or null and as nothing else: `write` and `fetch` put nothing else there.
  return env.peek(field, id) as Id | null | undefined;
}

/**
 * Where a many2one with a value for each company leads to from a record under any of them, as far as it is cached. Undefined where nothing is.
 */
export function cachedAnywhere({ cache }: Transaction, field: Field, id: Id): readonly Id[] | undefined {
  // As `cachedReference` says.
  const cached = cache.columns(field).map((column) => column.of(id) as Id | null | typeof MISS).filter((value) => value !== MISS);
  return cached.length === 0 ? undefined : cached.filter((value) => value !== null);
}

/** A cached list of related ids, or `undefined` when it is not in memory. */
export function cachedList(env: Environment, field: Field, id: Id): readonly Id[] | undefined {
  // A list is cached as an array of ids and as nothing else.
  return env.peek(field, id) as readonly Id[] | undefined;
}

/** The record that a reference's text stands for; null when there is none, or its model does not exist any more. */
export function referredBy(registry: Registry, text: unknown): { readonly model: Model; readonly id: Id } | null {
  const [, name = '', id = ''] = typeof text === 'string' ? (/^([^,]+),(.+)$/s.exec(text) ?? []) : [];
  const model = registry.models.get(name);
  return model ? { model, id: model.idType === 'integer' ? Number(id) : model.idType === 'bigint' ? BigInt(id) : id } : null;
}

/** Whether a field holds a list of records. */
export function isList(field: Field): boolean {
  return field.relation !== undefined && field.relation.kind !== 'many2one';
}

/** Whether a field is a list that the database keeps in some way. */
export function isKeptList(field: Field): boolean {
  return isList(field) && field.isPersistent && !field.related;
}

/** The ids a relation leads to from some records, as far as they are cached, each once. */
export function relatedIds(env: Environment, field: Field, ids: readonly Id[]): readonly Id[] {
  const column = env.column(field);
  if (field.relation?.kind === 'many2one') {
    const found = new Set<Id>();
    let last: Id | undefined;
    for (const id of ids) {
      const related = column.of(id) as Id | null | typeof MISS; // as `cachedReference` says
      // Records that lie side by side often lead to the same one.
      if (related === MISS || related === null || related === last) continue;
      last = related;
      found.add(related);
    }
    return [...found];
  }
  const found: Id[] = [];
  for (const id of ids) {
    const list = column.of(id) as readonly Id[] | typeof MISS; // as `cachedList` says
    if (list !== MISS) for (const related of list) found.push(related);
  }
  // A record is in one list only, where its many2one says in which.
  const isOnce = ids.length < 2 || (field.relation?.kind === 'one2many' && field.isPersistent);
  return isOnce ? found : [...new Set(found)];
}
