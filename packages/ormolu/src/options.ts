import type { Duration, Isolation, Storage } from '@ormolu/kernel';
import type { ActorsIn, DefinitionsOf, EnvironmentOf, Extension, ModelNameOf, Models } from '@ormolu/registry';
import type { LocalCacheOptions, NamedCacheOptions } from '@ormolu/tiers';
import { CACHE, LOCAL_CACHE } from './cache-option-forms';
import type { BackfillOptions } from './migrate/backfill';
import { checkForms, duration, flag, func, having, invalid, isObject, text, type Form } from './option-forms';
import type { RecordSessionOptions } from './record-session';
import type { RetryOptions } from './retry';
import type { WarmOptions } from './warm';

/** What a database is opened with. */
export interface OrmoluOptions<D, U extends ModelNameOf<D> = never, C extends ModelNameOf<D> = never, N extends string = string> {
  /** What `defineModels` gave. */
  readonly models: Models<D>;
  /**
   * Modules that this program has and its models have not joined: when another process reloads with one of them, this one can follow. With the
   * local cache off, naming them, also as an empty list, is what makes transactions look whether there was a reload.
   * @defaultValue none
   */
  readonly modules?: readonly Extension<unknown>[] | undefined;
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
  /**
   * Runs every function given to `env.run` twice and compares what it did: an error tells of functions that depend on more than records.
   * For development.
   * @defaultValue false
   */
  readonly checkRuns?: boolean | undefined;
  /**
   * Committed records and answers that the transactions of this process have in common; false keeps none. So does `ORMOLU_LOCAL_CACHE`
   * in the environment, set to `off`, `0` or `false`; set to `on`, `1`, `true` or nothing it leaves it to this option.
   * @defaultValue 100 000 records in 64 MB, 10 000 answers in 16 MB
   */
  readonly localCache?: LocalCacheOptions | false | undefined;
  /**
   * Caches of your own, by name: `db.caches.get('fast')`. They hold plain values, in this process's memory and, with `l2: redis(url)` or
   * `memcached(servers)`, on a server that all processes share, which is closed with the database; and the answers of the queries
   * that ask for them: `.cache('fast')`, and with `l2` for all processes.
   * @defaultValue none
   */
  readonly caches?: Readonly<Record<N, NamedCacheOptions>> | undefined;
  /**
   * Which of the caches keeps committed records and the answers of queries for all processes: one of all models, or by model, `'*'` for all others. A
   * process that begins finds there what others have met, and every reader is told what the database would tell him.
   * @defaultValue none
   */
  readonly records?: NoInfer<N> | Readonly<Partial<Record<ModelNameOf<D> | '*', NoInfer<N>>>> | undefined;
  /**
   * How often the storage and the servers of caches are asked how they are, and caches compared with their `thresholds`: `db.on('alert', …)`. A cache may have an interval of its own.
   * @defaultValue never but by `db.health()`
   */
  readonly healthCheckEvery?: Duration | undefined;
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
  /**
   * `'optimistic'`: updates and deletes of records of `versioned` models demand the version that was read with them. When somebody else
   * has changed such a record meanwhile, a `ConcurrentModificationError` says which, and nothing is run again.
   * @defaultValue the database's isolation alone decides, and the work is run again when another transaction was faster
   */
  readonly concurrency?: 'optimistic' | undefined;
  /** The user on whose behalf it runs. @defaultValue nobody in particular, with unlimited access */
  readonly uid?: number | undefined;
  /** What the environment begins with: `lang`, `allowedCompanyIds`, and keys of your own. */
  readonly context?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Remembers where values come from and what changed them, so that `tx.explain` can tell. For development: it costs memory and time for
   * every value.
   * @defaultValue false
   */
  readonly explain?: boolean | undefined;
}

/** How the tables are brought to the models. */
export interface MigrateDatabaseOptions extends BackfillOptions {
  /**
   * Fields, as `'res.city.size'`, whose stored values may be lost because the model wants something else there; also columns that no
   * field names any more, which are dropped. What can be kept is kept all the same.
   * @defaultValue none
   */
  readonly discard?: readonly string[] | undefined;
}

const ISOLATIONS: readonly unknown[] = ['read committed', 'repeatable read', 'serializable'] satisfies readonly Isolation[];

// Of any database: which models it has makes no difference here.
const OPEN: Readonly<Record<keyof OrmoluOptions<unknown>, Form>> = {
  models: having('what defineModels() returned', 'registry', 'extend'),
  modules: { accepts: Array.isArray, expects: 'a list of extensions: [mayors]' },
  storage: having('a storage: pglite(), postgres(url) or memory()', 'open', 'migrate', 'close'),
  users: text, companies: text, healthCheckEvery: duration, groupsOf: func, sourceLanguage: text, checkRuns: flag,
  localCache: { accepts: (value) => value === false || isObject(value), expects: 'false, or its bounds: { maxEntries: 10_000 }', within: LOCAL_CACHE },
  caches: { accepts: isObject, expects: 'an object of caches: { fast: { maxEntries: 1_000 } }', each: { accepts: isObject, expects: 'its bounds: { maxEntries: 1_000 }', within: CACHE } },
  records: {
    accepts: (value) => typeof value === 'string' || (isObject(value) && Object.values(value).every((name) => typeof name === 'string')),
    expects: "the name of a cache, or names by model: { 'res.country': 'fast', '*': 'persistent' }",
  },
};

const TRANSACTION: Readonly<Record<keyof TransactionOptions, Form>> = {
  isolation: { accepts: (value) => ISOLATIONS.includes(value), expects: `one of ${ISOLATIONS.map((level) => `'${String(level)}'`).join(', ')}` },
  readOnly: flag,
  concurrency: { accepts: (value) => value === 'optimistic', expects: "'optimistic', or leave it out" },
  explain: flag,
  uid: { accepts: (value) => value === null || Number.isInteger(value), expects: 'the id of a user, a whole number' },
  context: { accepts: isObject, expects: 'an object of context keys' },
  tries: { accepts: (value) => Number.isInteger(value) && Number(value) >= 1, expects: 'the number of executions in all, a whole number of at least 1' },
  signal: having('an AbortSignal', 'throwIfAborted', 'addEventListener'),
};

const MIGRATE: Readonly<Record<keyof MigrateDatabaseOptions, Form>> = {
  discard: { accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'), expects: "a list of fields such as 'res.city.size'" },
  batchSize: { accepts: (value) => Number.isInteger(value) && Number(value) >= 1, expects: 'a number of records, at least 1' },
  onProgress: func,
};
const SESSION: Readonly<Record<keyof RecordSessionOptions, Form>> = { localCache: flag };
const WARM: Readonly<Record<keyof WarmOptions, Form>> = {
  concurrency: { accepts: (value) => Number.isInteger(value) && Number(value) >= 1, expects: 'a number of queries at a time, at least 1' },
  onProgress: func,
  signal: having('an AbortSignal', 'throwIfAborted', 'addEventListener'),
};
const FORMS = { warm: WARM, openOrmolu: OPEN, transaction: TRANSACTION, migrate: MIGRATE, session: SESSION } as const;

/**
 * @throws {MisuseError} DB_OPTION_UNKNOWN for an option that nobody would read, naming the nearest that exists; DB_OPTION_INVALID for one
 * that is missing or of another type
 */
export function checkOptions(options: unknown, call: 'openOrmolu' | 'transaction' | 'migrate' | 'session' | 'warm'): void {
  if (typeof options !== 'object' || options === null) throw invalid(call, 'the options', 'an object', options);
  checkForms(call, FORMS[call], options);
  for (const name of call === 'openOrmolu' ? (['models', 'storage'] as const) : []) {
    if ((options as Readonly<Record<string, unknown>>)[name] === undefined) throw invalid(call, `the option '${name}'`, OPEN[name].expects, undefined);
  }
}

/** @throws {MisuseError} DB_OPTION_INVALID when there is nothing to run */
export function checkWork(work: unknown): void {
  if (typeof work !== 'function') throw invalid('transaction', 'the work', 'a function of the environment', work);
}

/** @throws {MisuseError} DB_OPTION_INVALID for what is no list */
export function checkQueries(queries: unknown): void {
  if (typeof queries !== 'object' || queries === null || !(Symbol.iterator in queries)) throw invalid('warm', 'the queries', 'a list of functions of the environment', queries);
}

/** @throws {MisuseError} DB_OPTION_INVALID for an event that never comes, and for what cannot be told of it */
export function checkListener(event: unknown, listener: unknown): void {
  if (event !== 'alert') throw invalid('on', 'the event', "'alert', the one there is", event);
  if (typeof listener !== 'function') throw invalid('on', 'the listener', 'a function', listener);
}
