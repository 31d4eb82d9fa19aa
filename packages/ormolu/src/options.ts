import { MisuseError, nearestName, type Isolation, type Storage } from '@ormolu/kernel';
import type { Models } from '@ormolu/registry';
import type { RetryOptions } from './retry';

/** What a database is opened with. */
export interface OrmoluOptions<D> {
  /** What `defineModels` gave. */
  readonly models: Models<D>;
  /** Where the truth lives: `pglite()`, `postgres(url)` or `memory()`. It is closed with the database. */
  readonly storage: Storage;
}

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

const OPEN: readonly string[] = ['models', 'storage'];
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
