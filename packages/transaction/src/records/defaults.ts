import type { Field } from '@ormolu/registry';
import { mustPass } from '../running/must-pass';
import { refuseUnfinished } from '../running/unfinished';
import type { Environment } from '../environment/environment';
import { DefaultError } from '../errors';

/**
 * The value of a new record for which none is given, as a user gives values; undefined when there is none.
 *
 * @throws {DefaultError} TX_DEFAULT_FAILED when a default that is a function throws
 * @remarks A default that is a function is given the environment, and may read what `env.run` can: it is run again when it misses something.
 */
export function defaultOf(env: Environment, field: Field): unknown {
  const { default: given } = field;
  // What a default gives is checked like any other value, so its type need not be known here.
  if (typeof given !== 'function') return given;
  try {
    const value = (given as (env: Environment) => unknown)(env);
    refuseUnfinished(value, `The default of ${field.toString()}`, { model: field.model, field: field.name });
    return value;
  } catch (error) {
    if (mustPass(env.transaction, error)) throw error;
    throw new DefaultError(field, error);
  }
}
