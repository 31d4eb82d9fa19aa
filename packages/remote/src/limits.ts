import { durationMs, type Duration } from '@ormolu/kernel';
import { RemoteOptionError } from './errors';

/** What one server takes upon itself, whoever asks. */
export interface Limits {
  /** Clients connected at a time. @defaultValue 1000 */
  readonly maxConnections?: number | undefined;
  /** Transactions open at a time on one connection. @defaultValue 100 */
  readonly maxTransactions?: number | undefined;
  /** Bytes of one message; longer ones close the connection. @defaultValue 64 MiB */
  readonly maxMessageBytes?: number | undefined;
  /** After so long without a call a transaction is rolled back. @defaultValue '5m' */
  readonly idleTimeout?: Duration | undefined;
  /** How often each side makes sure that the other is there. @defaultValue '15s' */
  readonly keepAlive?: Duration | undefined;
}

/** The same, all given and in milliseconds. */
export interface LimitsInForce {
  readonly maxConnections: number;
  readonly maxTransactions: number;
  readonly maxMessageBytes: number;
  readonly idleMs: number;
  readonly keepAliveMs: number;
}

const KNOWN = ['maxConnections', 'maxTransactions', 'maxMessageBytes', 'idleTimeout', 'keepAlive'];

/** @throws {RemoteOptionError} REMOTE_OPTION */
export function limitsInForce(limits: Limits = {}): LimitsInForce {
  const unknown = Object.keys(limits).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw new RemoteOptionError(`serve() has no limit '${unknown}'`, `It has ${KNOWN.join(', ')}.`);
  const { maxConnections = 1_000, maxTransactions = 100, maxMessageBytes = 64 * 2 ** 20, idleTimeout = '5m', keepAlive = '15s' } = limits;
  for (const [name, value] of Object.entries({ maxConnections, maxTransactions, maxMessageBytes })) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RemoteOptionError(`The limit '${name}' of serve() is ${String(value)}`, 'It takes a whole number from 1 up.');
  }
  return { maxConnections, maxTransactions, maxMessageBytes, idleMs: positiveMs('idleTimeout', idleTimeout), keepAliveMs: positiveMs('keepAlive', keepAlive) };
}

/** A duration that is more than nothing, in milliseconds. @throws {RemoteOptionError} REMOTE_OPTION */
export function positiveMs(name: string, duration: Duration): number {
  const ms = durationMs(duration, name);
  if (ms > 0 && ms < 2 ** 31) return ms;
  throw new RemoteOptionError(`'${name}' is ${String(duration)}`, "It takes a duration of more than nothing and less than 24 days, like '30s'.");
}
