import type { Session, Storage } from '@ormolu/kernel';
import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { gatekeeper, type Access, type Auth } from './access';
import { CommitTokens } from './commit-tokens';
import { RemoteOptionError } from './errors';
import { limitsInForce, type Limits } from './limits';
import type { View } from './narrowed-schema';
import { SUBPROTOCOL } from './protocol';
import { ServedConnection } from './served-connection';
import type { Ladder } from './served-ladder';
import type { UserWriter } from './user-writing';

/** What can be served: an open database of the façade, or anything else with a storage. */
export interface Served {
  readonly storage: Storage;
  /** Its caches, which clients' questions meet before the storage. @defaultValue there are none */
  readonly ladder?: Ladder | undefined;
  /** Called when a server begins: from then on others have it open. */
  readonly beginServing?: (() => void) | undefined;
  /** What a user may see. @defaultValue there are no users: their tokens are turned away */
  readonly viewOf?: ((user: number) => Promise<View>) | undefined;
  /** Does what a user writes, in a transaction of his. @defaultValue users only read */
  readonly writerFor?: ((user: number, session: Session) => UserWriter) | undefined;
}

/** How a database is served. */
export interface ServeOptions {
  /** 0: any free one; `server.url` tells which. @defaultValue 6455 */
  readonly port?: number | undefined;
  /** Where to listen: programs of other machines come only when it is not of this one alone. @defaultValue '127.0.0.1' */
  readonly host?: string | undefined;
  /** Who is let in. @defaultValue on a loopback address whoever is on this machine; elsewhere it must be given */
  readonly auth?: Auth | undefined;
  /** Options of `node:https`: `key`, `cert`, `ca` and so on. @defaultValue none: what goes over the wire can be read there */
  readonly tls?: ServerOptions | undefined;
  readonly limits?: Limits | undefined;
  /** Told of errors that are none of Ormolu's; clients hear only that there was one. @defaultValue process.emitWarning */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** What a server has to do. */
export interface ServerStats {
  readonly connections: number;
  /** Transactions that are open. */
  readonly transactions: number;
  /** Clients turned away since it began to listen. */
  readonly refused: number;
}

/** A database that clients reach over the network. */
export interface RemoteServer {
  /** What clients give to `remote()`. */
  readonly url: string;
  readonly port: number;
  stats(): ServerStats;
  /** Takes no more clients, rolls back what is open, and lets go of the port. The database stays open. A second call does nothing. */
  close(): Promise<void>;
}

const DEFAULT_PORT = 6_455;
/** A client that has not said who it is by then is turned away. */
const ADMISSION_MS = 10_000;
/** Connections of those who have not said yet who they are, beyond as many as may be let in: they cost what the database needs, too. */
const MOST_STRANGERS = 100;
const KNOWN = ['port', 'host', 'auth', 'tls', 'limits', 'onFault'];

/**
 * Serves a database: a transaction of a client is a transaction of its storage, one for one, and each of its questions one round trip.
 *
 * @param served - stays the caller's, who closes it behind the server
 * @returns once it listens
 * @throws {MisuseError} REMOTE_OPTION for options that cannot be meant, and when it would listen beyond this machine without `auth`
 * @throws {Error} what `listen` throws, EADDRINUSE for example
 * @see docs/remote.md
 */
export async function serve(served: Served, options: ServeOptions = {}): Promise<RemoteServer> {
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw new RemoteOptionError(`serve() has no option '${unknown}'`, `It has ${KNOWN.join(', ')}.`);
  const { port = DEFAULT_PORT, host = '127.0.0.1', auth, tls, limits, onFault } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RemoteOptionError(`The port of serve() is ${String(port)}`, 'It takes a whole number from 0 to 65535.');
  const door = { admits: gatekeeper(auth, host), limits: limitsInForce(limits), onFault: onFault ?? ((error: unknown) => { process.emitWarning(error instanceof Error ? error : String(error)); }) };
  const tokens = new CommitTokens(served.storage, door.onFault);
  await tokens.prepare();
  served.beginServing?.();
  const waiting = { headersTimeout: ADMISSION_MS, requestTimeout: ADMISSION_MS, connectionsCheckingInterval: ADMISSION_MS / 4 };
  const http = tls ? createTlsServer({ handshakeTimeout: ADMISSION_MS, ...waiting, ...tls }) : createServer(waiting);
  http.maxConnections = door.limits.maxConnections + MOST_STRANGERS;
  const server = new Server(http, served, { ...door, tokens });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      resolve();
    });
  });
  tokens.begin();
  return server.listening(host, tls !== undefined);
}

interface Door {
  readonly admits: ReturnType<typeof gatekeeper>;
  readonly limits: ReturnType<typeof limitsInForce>;
  readonly tokens: CommitTokens;
  onFault(error: unknown): void;
}

class Server {
  readonly #http: HttpServer;
  readonly #served: Served;
  readonly #door: Door;
  readonly #sockets: WebSocketServer;
  readonly #connections = new Set<ServedConnection>();
  /** Of everybody, also in the middle of a handshake or turned away: neither http nor the WebSocket server knows all of them. */
  readonly #transports = new Set<Socket>();
  #refused = 0;
  /** Clients that are being let in. */
  #admitting = 0;
  #closing: Promise<void> | undefined;

  constructor(http: HttpServer, served: Served, door: Door) {
    this.#http = http;
    this.#served = served;
    this.#door = door;
    this.#sockets = new WebSocketServer({ noServer: true, maxPayload: door.limits.maxMessageBytes, perMessageDeflate: false, handleProtocols: () => SUBPROTOCOL });
    http.on('connection', (transport: Socket) => {
      this.#transports.add(transport);
      transport.once('close', () => this.#transports.delete(transport));
    });
    http.on('request', (_request, response) => {
      response.writeHead(426, { 'content-type': 'text/plain', connection: 'close', upgrade: 'websocket' }).end('This is a server of Ormolu: connect with remote() of @ormolu/remote.\n');
    });
    http.on('upgrade', (request, socket, head) => {
      void this.#admit(request, socket, head);
    });
  }

  listening(host: string, isSecret: boolean): RemoteServer {
    const { port } = this.#http.address() as AddressInfo; // it listens on a port
    return {
      url: `${isSecret ? 'tls' : 'tcp'}://${host.includes(':') ? `[${host}]` : host}:${String(port)}`,
      port,
      stats: () => ({ connections: this.#connections.size, transactions: [...this.#connections].reduce((sum, { transactions }) => sum + transactions, 0), refused: this.#refused }),
      close: () => (this.#closing ??= this.#close()),
    };
  }

  async #admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => undefined);
    const deadline = setTimeout(() => socket.destroy(), ADMISSION_MS).unref();
    socket.once('close', () => { clearTimeout(deadline); });
    this.#admitting += 1;
    const judged = await this.#judge(request).catch((error: unknown) => {
      this.#door.onFault(error);
      // Of a token of which nothing has been said that can be meant, nobody has said that it is known.
      return error instanceof RemoteOptionError ? 401 : 503;
    }).finally(() => { this.#admitting -= 1; });
    if (typeof judged === 'number' || socket.destroyed) {
      this.#refused += 1;
      // Whoever does not close his side, or vanishes, would keep the place of somebody else, and the server from closing.
      socket.once('finish', () => { socket.destroy(); });
      socket.end(`HTTP/1.1 ${String(typeof judged === 'number' ? judged : 503)} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    clearTimeout(deadline);
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      const connection = new ServedConnection(client, {
        served: this.#served, access: judged, tokens: this.#door.tokens, limits: this.#door.limits,
        onFault: (error) => { this.#door.onFault(error); },
        onClose: () => this.#connections.delete(connection),
      }, request.socket);
      this.#connections.add(connection);
    });
  }

  /** What whoever comes in may do, or the HTTP status with which he is turned away. */
  async #judge({ headers }: IncomingMessage): Promise<Access | number> {
    if (this.#closing || this.#connections.size + this.#admitting > this.#door.limits.maxConnections) return 503;
    // Programs do not send it; pages of the web do, and have no business here, whatever machine they are shown on.
    if (headers.origin !== undefined) return 403;
    const spoken = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
    if (!spoken.includes(SUBPROTOCOL)) return 426;
    const [, token] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? [];
    const access = await this.#door.admits(token);
    if (this.#isClosing()) return 503;
    return access === undefined || (access !== 'worker' && !this.#served.viewOf) ? 401 : access;
  }

  #isClosing(): boolean {
    return this.#closing !== undefined;
  }

  async #close(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#http.close(() => { resolve(); });
    });
    await Promise.all([this.#door.tokens.close(), ...Array.from(this.#connections, (connection) => connection.close())]);
    for (const transport of this.#transports) transport.destroy();
    await ended;
  }
}
