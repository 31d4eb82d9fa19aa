import { durationMs, type Duration } from '@ormolu/kernel';
import { RemoteOptionError } from './errors';

/** What one server takes upon itself, whoever asks. */
export interface Limits {
  /** Clients connected at a time. @defaultValue 1000 */
  readonly maxConnections?: number | undefined;
  /** Transactions open at a time on one connection. @defaultValue 100 */
  readonly maxTransactions?: number | undefined;
  /** Transactions open at a time of one user, over however many connections. Others of his wait. @defaultValue 8, or one less than the database has connections for this process */
  readonly maxTransactionsPerUser?: number | undefined;
  /** How long a user's transaction waits for one of his own to end when he has as many as he may. @defaultValue '10s' */
  readonly waitTimeout?: Duration | undefined;
  /** Transactions open at a time of all clients. @defaultValue 10000 */
  readonly maxTransactionsInAll?: number | undefined;
  /** Bytes of one message, at most 1 GiB; longer ones close the connection. @defaultValue 64 MiB */
  readonly maxMessageBytes?: number | undefined;
  /** After so long without a call a transaction is rolled back. @defaultValue '5m' */
  readonly idleTimeout?: Duration | undefined;
  /** After so long a transaction is rolled back, however much it is used: what runs in it then is cancelled where the database can do that, but for COMMIT, and done to its end elsewhere. @defaultValue none */
  readonly maxTransactionTime?: Duration | undefined;
  /** How often each side makes sure that the other is there. @defaultValue '15s' */
  readonly keepAlive?: Duration | undefined;
  /** How long a client may take to say who it is, and `auth` to say what that is. @defaultValue '10s' */
  readonly admissionTimeout?: Duration | undefined;
}

/** The same, all given and in milliseconds. */
export interface LimitsInForce {
  readonly maxConnections: number;
  readonly maxTransactions: number;
  readonly maxTransactionsPerUser: number;
  readonly maxTransactionsInAll: number;
  readonly maxMessageBytes: number;
  readonly idleMs: number;
  /** Absent: it may stay open for as long as it is used. */
  readonly longestMs: number | undefined;
  readonly keepAliveMs: number;
  readonly admissionMs: number;
  readonly waitMs: number;
}

const KNOWN = ['maxConnections', 'maxTransactions', 'maxTransactionsPerUser', 'maxTransactionsInAll', 'maxMessageBytes', 'idleTimeout', 'maxTransactionTime', 'keepAlive', 'admissionTimeout', 'waitTimeout'];
/** Beyond, frames are not counted as they are: a limit of 4 GiB would be none. */
export const MOST_MESSAGE_BYTES: number = 2 ** 30;
/** Bytes of an answer that a client takes which says nothing else. */
export const MOST_TAKEN: number = 256 * 2 ** 20;

/**
 * @param connections - that the database has for this process, where that is a number
 * @throws {RemoteOptionError} REMOTE_OPTION
 */
export function limitsInForce(limits: Limits = {}, connections: number = Infinity): LimitsInForce {
  const unknown = Object.keys(limits).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw new RemoteOptionError(`serve() has no limit '${unknown}'`, `It has ${KNOWN.join(', ')}.`);
  const { maxConnections = 1_000, maxTransactions = 100, maxTransactionsPerUser = Math.max(1, Math.min(8, connections - 1)), maxTransactionsInAll = 10_000, maxMessageBytes = 64 * 2 ** 20, idleTimeout = '5m', maxTransactionTime, keepAlive = '15s', admissionTimeout = '10s', waitTimeout = '10s' } = limits;
  const counts = { maxConnections, maxTransactions, maxTransactionsPerUser, maxTransactionsInAll, maxMessageBytes };
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RemoteOptionError(`The limit '${name}' of serve() is ${String(value)}`, 'It takes a whole number from 1 up.');
  }
  if (maxMessageBytes > MOST_MESSAGE_BYTES) throw new RemoteOptionError(`The limit 'maxMessageBytes' of serve() is ${String(maxMessageBytes)}`, 'It takes no more than 1 GiB, 1073741824.');
  return {
    ...counts, idleMs: positiveMs('idleTimeout', idleTimeout), longestMs: maxTransactionTime === undefined ? undefined : positiveMs('maxTransactionTime', maxTransactionTime), keepAliveMs: positiveMs('keepAlive', keepAlive), admissionMs: positiveMs('admissionTimeout', admissionTimeout), waitMs: positiveMs('waitTimeout', waitTimeout),
  };
}

/** One user who may have all connections of the database keeps out everybody else, and the server itself, for as long as he likes. */
export function warnOfPool({ maxTransactionsPerUser }: LimitsInForce, connections: number = Infinity): void {
  if (maxTransactionsPerUser < connections) return;
  process.emitWarning(
    `One user of the server may have ${String(maxTransactionsPerUser)} transactions open at a time, and its database has ${String(connections)} connections for this process: others would wait for him, and the server, too. Lower limits.maxTransactionsPerUser of serve(), or raise max of the pool.`,
    { code: 'REMOTE_POOL' },
  );
}

/** A duration that is more than nothing, in whole milliseconds: Node takes no others everywhere. @throws {RemoteOptionError} REMOTE_OPTION */
export function positiveMs(name: string, duration: Duration): number {
  const ms = Math.ceil(durationMs(duration, name));
  if (ms > 0 && ms < 2 ** 31) return ms;
  throw new RemoteOptionError(`'${name}' is ${String(duration)}`, "It takes a duration of more than nothing and less than 24 days, like '30s'.");
}
