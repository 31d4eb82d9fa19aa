import { MisuseError, typeName } from '@ormolu/kernel';
import type { LogMode } from './plan-log';

/**
 * How changes get into the change log, by which entries of caches are judged: true or not.
 *
 * - `'triggers'`: the database writes them itself, whoever changes a table. `migrate()` puts the triggers in place. A write of one row keeps
 *   about four fifths of its throughput.
 * - `'flush'`: each session sends them along with its own statements; there are no triggers. **Only for who owns every writer**: what another
 *   program, `psql`, a trigger of yours, `env.sql` or a version of your own program with another setting changes, caches do not learn of, and
 *   they go on answering what was. Cascades are logged by whole models.
 * - `false`: there is no log, and nothing is kept in caches.
 */
export type ChangeLogOption = LogMode | false;

/** @throws {MisuseError} STORAGE_OPTION */
export function changeLogOf(option: unknown): ChangeLogOption {
  if (option === undefined || option === 'triggers') return 'triggers';
  if (option === 'flush' || option === false) return option;
  throw new MisuseError('STORAGE_OPTION', `The option changeLog was given ${typeof option === 'string' ? `'${option}'` : typeName(option)}. It is 'triggers', 'flush' or false.`);
}

/**
 * Whether `migrate()` makes event triggers, where its role may: a superuser, in a namespace and beside a log that belong to superusers, too. Through them the database itself
 * tells, with the commit, who makes, alters or drops tables, functions, rights and the like by hand. Without them processes look once a minute. Those that are there stay.
 *
 * @defaultValue true
 */
export type EventTriggersOption = boolean;

/** @throws {MisuseError} STORAGE_OPTION */
export function eventTriggersOf(option: unknown): EventTriggersOption {
  if (option === undefined || typeof option === 'boolean') return option ?? true;
  throw new MisuseError('STORAGE_OPTION', `The option eventTriggers was given ${typeof option === 'string' ? `'${option}'` : typeName(option)}. It is true or false.`);
}
