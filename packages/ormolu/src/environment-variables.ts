import { MisuseError } from '@ormolu/kernel';

const ON = ['on', '1', 'true'];
const OFF = ['off', '0', 'false'];

/**
 * Whether the environment switches the local cache off: `ORMOLU_LOCAL_CACHE` is `off`, `0` or `false`. What is set to nothing, or to `on`,
 * `1` or `true`, leaves it to the option.
 *
 * @throws {MisuseError} DB_VARIABLE_INVALID for anything else: who means to switch it off must not find out later that it was on
 */
export function isLocalCacheSwitchedOff(): boolean {
  const name = 'ORMOLU_LOCAL_CACHE';
  const given = process.env[name]?.trim().toLowerCase() ?? '';
  if (given === '' || ON.includes(given)) return false;
  if (OFF.includes(given)) return true;
  throw new MisuseError('DB_VARIABLE_INVALID', `The environment variable ${name} is '${given}'. Set it to one of ${OFF.join(', ')} to open databases without a local cache; to ${ON.join(', ')}, or not at all, to leave it to the option 'localCache'.`, { details: { variable: name } });
}
