import { MisuseError } from '@ormolu/kernel';
import { createRequire } from 'node:module';

/**
 * Loads an optional package when it is first needed, so that a program which never does need not have it installed.
 *
 * @param what - who needs it, as the error names it
 * @throws {MisuseError} TIER_PACKAGE_MISSING when it is not installed
 */
export function loadPackage(name: 'ioredis' | 'msgpackr' | 'prom-client' | '@opentelemetry/api', what: string): unknown {
  try {
    return createRequire(__filename)(name);
  } catch (cause) {
    throw new MisuseError('TIER_PACKAGE_MISSING', `${what} needs the package '${name}', which could not be loaded. Install it beside ormolu: npm install ${name}.`, { cause });
  }
}
