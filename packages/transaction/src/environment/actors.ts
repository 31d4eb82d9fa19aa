import type { Field, Registry } from '@ormolu/registry';
import type { Environment } from './environment';
import { NoActorError } from '../errors';

/** The models behind `env.user` and `env.company`, and what is to be known of users. */
export interface Actors {
  /** The model of users: `env.user` is its record with the id `env.uid`. */
  readonly users?: string | undefined;
  /** The model of companies. */
  readonly companies?: string | undefined;
  /** The groups of an environment's user. @defaultValue nobody has any */
  readonly groupsOf?: ((env: Environment) => readonly string[] | Promise<readonly string[]>) | undefined;
  /** The language in which translated fields are written when the context names none, and to which the others fall back. @defaultValue 'en_US' */
  readonly sourceLanguage?: string | undefined;
}

/** @throws {NoActorError} DB_USERS_UNNAMED */
export function usersModel({ users }: Actors): string {
  if (users === undefined) throw new NoActorError('DB_USERS_UNNAMED', 'env.user', 'users');
  return users;
}

/** @throws {NoActorError} DB_COMPANIES_UNNAMED */
export function companiesModel({ companies }: Actors, asked: string): string {
  if (companies === undefined) throw new NoActorError('DB_COMPANIES_UNNAMED', asked, 'companies');
  return companies;
}

/** The many2one of a user to his company: the one named `company`, otherwise the first that leads to the model of companies. */
export function companyField(registry: Registry, { users, companies }: Actors): Field | undefined {
  if (users === undefined) return undefined;
  const candidates = [...registry.model(users).fields.values()].filter(({ relation }) => relation?.kind === 'many2one' && (companies === undefined || relation.comodel === companies));
  return candidates.find(({ name }) => name === 'company') ?? (companies === undefined ? undefined : candidates[0]);
}
