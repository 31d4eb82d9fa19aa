import { MisuseError, nearestName, type Isolation, type Storage } from '@ormolu/kernel';
import type { ActorsIn, DefinitionsOf, EnvironmentOf, ModelNameOf, Models } from '@ormolu/registry';
import type { RetryOptions } from './retry';

/** What a database is opened with. */
export interface OrmoluOptions<D, U extends ModelNameOf<D> = never, C extends ModelNameOf<D> = never> {
  /** What `defineModels` gave. */
  readonly models: Models<D>;
  /** Where the truth lives: `pglite()`, `postgres(url)` or `memory()`. It is closed with the database. */
  readonly storage: Storage;
  /**
   * The model behind `env.user`. A transaction with a `uid` then begins by reading that user, so that `env.companyId` is known from
   * the start: one round trip, which BEGIN travels with.
   * @defaultValue none: `env.user` is an error that says so; `env.uid` works all the same
   */
  readonly users?: U | undefined;
  /**
   * The model behind `env.company`. A user's company is his many2one `company`, or else the first that leads to this model.
   * @defaultValue none: `env.company` is an error that says so
   */
  readonly companies?: C | undefined;
  /**
   * The groups of an environment's user, for fields with the option `groups`. Asked once per environment that needs it; superusers
   * are not asked about.
   * @defaultValue nobody is in any group
   */
  readonly groupsOf?: ((env: EnvironmentOf<D>) => readonly string[] | Promise<readonly string[]>) | undefined;
  /**
   * The language in which translated fields are read and written when the context names none, and to which other languages fall back.
   * @defaultValue 'en_US'
   */
  readonly sourceLanguage?: string | undefined;
}

/** The environment a transaction's function gets: `env.user` and `env.company` are known by their models where these are named. */
export type TransactionEnvironment<D, U extends string, C extends string> =
  EnvironmentOf<D> & Pick<ActorsIn<DefinitionsOf<D>, U, C>, ([U] extends [never] ? never : 'user') | ([C] extends [never] ? never : 'company' | 'companies')>;

/** How one transaction runs. */
export interface TransactionOptions extends RetryOptions {
  /** @defaultValue 'repeatable read', as in Odoo */
  readonly isolation?: Isolation | undefined;
  /** The database refuses writes. @defaultValue false */
  readonly readOnly?: boolean | undefined;
  /** The user on whose behalf it runs. @defaultValue nobody in particular, with unlimited access */
  readonly uid?: number | undefined;
  /** What the environment begins with: `lang`, `allowedCompanyIds`, and keys of your own. */
  readonly context?: Readonly<Record<string, unknown>> | undefined;
}

const OPEN: readonly string[] = ['models', 'storage', 'users', 'companies', 'groupsOf', 'sourceLanguage'];
const TRANSACTION: readonly string[] = ['isolation', 'readOnly', 'uid', 'context', 'tries', 'signal'];

/** @throws {MisuseError} DB_OPTION_UNKNOWN for an option that nobody would read, naming the nearest that exists */
export function checkOptions(options: object, call: 'openOrmolu' | 'transaction'): void {
  const known = call === 'openOrmolu' ? OPEN : TRANSACTION;
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    throw new MisuseError('DB_OPTION_UNKNOWN', `${call}() has no option '${name}'. ${nearest ? `Did you mean '${nearest}'?` : `Options: ${known.join(', ')}.`}`, {
      details: { option: name },
    });
  }
}
