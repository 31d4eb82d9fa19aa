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
