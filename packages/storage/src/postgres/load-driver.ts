import { MisuseError } from '@ormolu/kernel';
import { createRequire } from 'node:module';
import type * as Driver from 'pg';

/**
 * Loads `pg` when the first server is opened, so that a program which never does need not have it installed.
 *
 * @throws {MisuseError} STORAGE_DRIVER_MISSING when it is not installed
 */
export function loadDriver(): typeof Driver {
  try {
    // Typed by the import above, which is erased.
    return createRequire(__filename)('pg') as typeof Driver;
  } catch (cause) {
    throw new MisuseError('STORAGE_DRIVER_MISSING', "postgres() needs the package 'pg', which could not be loaded. Install it beside ormolu: npm install pg.", { cause });
  }
}
