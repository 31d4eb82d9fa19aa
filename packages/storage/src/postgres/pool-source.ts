import { OutageError, type StorageCapabilities } from '@ormolu/kernel';
import type { Client, Pool, PoolClient, PoolConfig } from 'pg';
import { ConnectionRefusedError } from '../errors';
import type { ConnectionSource } from '../sql-storage';
import type { Connection } from '../wire/connection';
import type { ReplyReader } from '../wire/reply-reader';
import { loadDriver } from './load-driver';
import { PoolConnection, type PoolHome } from './pool-connection';
import { RawExchange } from './raw-exchange';
import { stopExchange } from './stop-exchange';

const CONNECTION_TIMEOUT_MS = 10_000;

/** Connections of a `pg` pool. */
export class PoolSource implements ConnectionSource {
  readonly name = 'postgres';
  readonly capabilities: StorageCapabilities;
  readonly #options: PoolConfig;
  readonly #pool: Pool;
  /** Connections that nobody has, but that the pool has not got back yet. */
  readonly #offered: PoolConnection[] = [];
  readonly #home: PoolHome = {
    connect: () => this.#connect(),
    offer: (connection) => {
      if (this.#isBounded || this.#pool.waitingCount > 0) return false;
      this.#offered.push(connection);
      return true;
    },
    stop: (client, exchange) => stopExchange(client, exchange, this.#options),
    withdraw: (connection) => {
      const at = this.#offered.indexOf(connection);
      if (at !== -1) this.#offered.splice(at, 1);
    },
  };

  constructor(options: PoolConfig) {
    const { Pool: PoolOfDriver } = loadDriver();
    this.#options = options;
    this.#pool = new PoolOfDriver({ connectionTimeoutMillis: CONNECTION_TIMEOUT_MS, ...options });
    this.capabilities = { concurrentSessions: true, durable: true, sql: true, connections: this.#pool.options.max };
    // An idle connection that the server ends leaves the pool by itself; without a listener it would end the process.
    this.#pool.on('error', () => undefined);
  }

  async acquire(): Promise<Connection> {
    return this.#offered.pop()?.comeBack() ?? new PoolConnection(await this.#connect(), this.#home);
  }

  async reserve(): Promise<Connection> {
    const { Client } = loadDriver();
    const client = new Client({ connectionTimeoutMillis: CONNECTION_TIMEOUT_MS, ...this.#options });
    try {
      await client.connect();
    } catch (cause) {
      throw new ConnectionRefusedError(this.name, reasonOf(cause, this.#pool), cause);
    }
    return new ReservedConnection(client);
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  /** Whether the pool counts uses or time, and so has to have every connection back. */
  get #isBounded(): boolean {
    const { maxUses = Infinity, maxLifetimeSeconds = 0 } = this.#options;
    return Number.isFinite(maxUses) || maxLifetimeSeconds > 0;
  }

  async #connect(): Promise<PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (cause) {
      throw new ConnectionRefusedError(this.name, reasonOf(cause, this.#pool), cause);
    }
  }
}

/** What may keep a process alive. */
interface Referenced {
  ref(): void;
  unref(): void;
}

/** A connection outside the pool. It keeps no process alive while nothing is on its way. */
class ReservedConnection implements Connection {
  readonly #client: Client & Referenced;
  #isLost = false;

  constructor(client: Client) {
    // Not in the type declarations of `pg`, but in every release of it since 7.
    this.#client = client as Client & Referenced;
    client.on('error', () => {
      this.#isLost = true;
    });
    this.#client.unref();
  }

  async exchange(message: Uint8Array, replies: ReplyReader): Promise<void> {
    if (this.#isLost) throw new OutageError('STORAGE_POLL_FAILED', 'The connection kept for polls was closed while it lay idle.');
    const exchange = new RawExchange(message, replies);
    this.#client.ref();
    try {
      this.#client.query(exchange);
      await exchange.done;
    } finally {
      this.#client.unref();
    }
  }

  release(): void {
    // Nobody waits for the server's farewell.
    this.#client.end().catch(() => undefined);
  }
}

/** What to tell people who cannot connect; the server's address may be told, passwords are in none of these. */
function reasonOf(cause: unknown, pool: Pool): string {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  const message = cause instanceof Error ? cause.message : '';
  if (/timeout exceeded/.test(message)) {
    return pool.waitingCount > 0 || pool.totalCount >= pool.options.max
      ? `all ${pool.totalCount} connections of the pool are in use; end sessions, raise max, or look for a transaction opened inside another`
      : 'it did not answer in time; check host and port, or raise connectionTimeoutMillis';
  }
  return REASONS[code] ?? `it was refused (${code || 'no code'}); see the cause`;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address; start the server, or correct host and port',
  ENOTFOUND: 'its host name is unknown; correct the host',
  EHOSTUNREACH: 'its host cannot be reached; check the network',
  '28P01': 'user or password are wrong; correct them',
  '28000': 'the server does not let this user in from here; see its pg_hba.conf',
  '3D000': 'the database does not exist; create it, or correct its name',
  '53300': 'the server has no connection left; lower max of the pools, or raise max_connections',
  '57P03': 'the server is starting up or shutting down; try again',
};
