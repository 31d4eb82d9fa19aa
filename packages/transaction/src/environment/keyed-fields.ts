import { contextKey, type ContextKey } from '@ormolu/cache';
import type { Id, ValueKeys } from '@ormolu/kernel';
import type { Field, Registry } from '@ormolu/registry';
import type { Environment } from './environment';
import { WriteRefusedError } from '../errors';
import type { Transaction } from '../transaction';

/** The language in which translated fields are written when the context names none. */
export function sourceLanguage({ actors }: Transaction): string {
  return actors.sourceLanguage ?? 'en_US';
}

/**
 * Where a field with a value per company or language keeps the value of an environment: the id of its company, or its language. Null
 * when there is no company.
 *
 * @throws {NotLoadedError} TX_NOT_LOADED as `env.companyId` does
 */
export function placeOf(env: Environment, by: NonNullable<Field['keyedBy']>): string | null {
  if (by === 'lang') return env.lang ?? sourceLanguage(env.transaction);
  const { companyId } = env;
  return companyId === null ? null : String(companyId);
}

/** The cache's key of a place. */
export function keyOfPlace(place: string | null): string {
  return contextKey([place]);
}

/** The place that a cache's key of such a field stands for. */
export function placeOfKey(key: ContextKey): string | null {
  return (JSON.parse(key as string) as [string | null])[0]; // as `keyOfPlace` made it
}

/** Under which keys a storage looks for an environment, in columns that some fields need. */
export function valueKeys(env: Environment, fields: Iterable<Field>): ValueKeys | undefined {
  const kinds = new Set(Array.from(fields, ({ keyedBy }) => keyedBy));
  const keys: { company?: readonly string[]; lang?: readonly string[] } = {};
  if (kinds.has('company')) {
    const place = placeOf(env, 'company');
    keys.company = place === null ? [] : [place];
  }
  if (kinds.has('lang')) keys.lang = [...new Set([placeOf(env, 'lang') ?? '', sourceLanguage(env.transaction)])];
  return keys.company || keys.lang ? keys : undefined;
}

/** The same environment in another place. The id of a company is a text here, which leads to the same key. */
export function inPlace(env: Environment, field: Field, place: string | null): Environment {
  return env.withContext(field.keyedBy === 'lang' ? { lang: place } : { allowedCompanyIds: [place] });
}

/** @throws {WriteRefusedError} TX_COMPANY_MISSING when a value of a company is written, and there is none */
export function refuseWithoutCompany(env: Environment, field: Field): void {
  if (field.keyedBy !== 'company' || env.companyId !== null) return;
  throw new WriteRefusedError('TX_COMPANY_MISSING', `${field.model}.${field.name} has a value for each company, and there is none to write it for. Use env.withCompany(…), or give the user a company.`, {
    details: { model: field.model, field: field.name },
  });
}

/** Records, as the cache takes them, seen from one place. */
export function recordsAt(field: Field, place: string | null, ids: readonly Id[]): RecordsAt {
  return new RecordsAt(field.model, keyOfPlace(place), ids);
}

/** Records, as the cache takes them, under a key that it has told. */
export function recordsUnder(field: Field, key: ContextKey, ids: readonly Id[]): RecordsAt {
  return new RecordsAt(field.model, key as string, ids); // what another kind of key would be is nobody's here
}

class RecordsAt {
  readonly model: string;
  readonly ids: readonly Id[];
  readonly env: { cacheKey(): string };

  constructor(model: string, key: string, ids: readonly Id[]) {
    this.model = model;
    this.ids = ids;
    this.env = { cacheKey: () => key };
  }

  browse(ids: readonly Id[]): RecordsAt {
    return new RecordsAt(this.model, this.env.cacheKey(), ids);
  }
}

const needing = new WeakMap<Registry, boolean>();

/** Whether anything of a registry version depends on the company. */
function needsCompany(registry: Registry): boolean {
  let needs = needing.get(registry);
  if (needs === undefined) {
    needs = [...registry.models.values()].some(({ fields }) => [...fields.values()].some(({ dependsContext }) => dependsContext.includes('company')));
    needing.set(registry, needs);
  }
  return needs;
}

/** Makes sure that an environment knows its company, where anything depends on it. @remarks One round trip at most, for a user not met before. */
export async function meetCompany(env: Environment): Promise<void> {
  if (needsCompany(env.registry)) await env.meetCompany();
}
