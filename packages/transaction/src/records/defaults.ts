import type { Field } from '@ormolu/registry';
import type { Environment } from '../environment/environment';

/**
 * The value of a new record for which none is given, as a user gives values; undefined when there is none.
 *
 * @remarks A default that is a function is given the environment, and may read what `env.run` can: it is run again when it misses something.
 */
export function defaultOf(env: Environment, field: Field): unknown {
  const { default: given } = field;
  // What a default gives is checked like any other value, so its type need not be known here.
  return typeof given === 'function' ? (given as (env: Environment) => unknown)(env) : given;
}
