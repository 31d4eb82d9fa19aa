import type { Session, Storage } from '@ormolu/kernel';
import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { gatekeeper, type Access, type Auth } from './access';
import { CommitTokens } from './commit-tokens';
import { RemoteOptionError } from './errors';
import { limitsInForce, warnOfPool, type Limits } from './limits';
import type { View } from './narrowed-schema';
import { SUBPROTOCOL } from './protocol';
import { ServedConnection } from './served-connection';
import type { Ladder } from './served-ladder';
import { Shares } from './shares';
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
  /**
   * Does what a user writes, in a transaction of his. What he writes to a field that shows another model's is that model's.
   * @param assertMay - throws when he may not write records of a model
   * @defaultValue users only read
   */
  readonly writerFor?: ((user: number, session: Session, assertMay: (model: string) => void) => UserWriter) | undefined;
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
  /**
   * Ends the connections of a user, by his id, or of all workers, and rolls back what they have open: whoever comes again is asked for his token anew.
   * @returns how many there were
   */
  disconnect(who: number | 'worker'): Promise<number>;
  /** Takes no more clients, rolls back what is open, and lets go of the port. The database stays open. A second call does nothing. */
  close(): Promise<void>;
}

const DEFAULT_PORT = 6_455;
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
  const door = { admits: gatekeeper(auth, host), limits: limitsInForce(limits, served.storage.capabilities.connections), onFault: telling(onFault ?? ((error: unknown) => { process.emitWarning(error instanceof Error ? error : String(error)); })) };
  if (typeof auth === 'function') warnOfPool(door.limits, served.storage.capabilities.connections);
  const tokens = new CommitTokens(served.storage, door.onFault);
  await tokens.prepare();
  const { admissionMs } = door.limits;
  const waiting = { headersTimeout: admissionMs, requestTimeout: admissionMs, connectionsCheckingInterval: Math.ceil(admissionMs / 4) };
  const http = tls ? createTlsServer({ handshakeTimeout: admissionMs, ...waiting, ...tls }) : createServer(waiting);
  const server = new Server(http, served, { ...door, tokens });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      http.on('error', door.onFault);
      resolve();
    });
  });
  served.beginServing?.();
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
  /** Of those who have not said yet who they are, by their own end of it; the oldest first. */
  readonly #strangers = new Map<string, Socket>();
  readonly #shares: Shares;
  #refused = 0;
  /** Clients that are being let in, each with whose connections were ended meanwhile: what `auth` says of those may be of before. */
  readonly #admitting = new Set<Set<number | 'worker'>>();
  #closing: Promise<void> | undefined;

  constructor(http: HttpServer, served: Served, door: Door) {
    this.#http = http;
    this.#served = served;
    this.#door = door;
    this.#shares = new Shares(door.limits);
    this.#sockets = new WebSocketServer({ noServer: true, maxPayload: door.limits.maxMessageBytes, perMessageDeflate: false, handleProtocols: () => SUBPROTOCOL });
    http.on('connection', (transport: Socket) => {
      this.#transports.add(transport);
      const end = farEndOf(transport);
      this.#strangers.set(end, transport);
      transport.once('close', () => {
        this.#transports.delete(transport);
        if (this.#strangers.get(end) === transport) this.#strangers.delete(end);
      });
      // Who comes now has more to say than who has said nothing for longest.
      const [oldest] = this.#strangers.values();
      if (this.#strangers.size > MOST_STRANGERS + this.#door.limits.maxConnections - this.#connections.size) oldest?.destroy();
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
      disconnect: async (who) => {
        for (const ended of this.#admitting) ended.add(who);
        const theirs = [...this.#connections].filter(({ access }) => whoOf(access) === who);
        await Promise.all(theirs.map((connection) => connection.close('the server has ended it')));
        return theirs.length;
      },
      close: () => (this.#closing ??= this.#close()),
    };
  }

  async #admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => undefined);
    const deadline = setTimeout(() => socket.destroy(), this.#door.limits.admissionMs).unref();
    // Of one that has gone, or was given up, nobody waits for what `auth` says: it may never.
    const gone = new Promise<number>((resolve) => {
      socket.once('close', () => {
        clearTimeout(deadline);
        resolve(503);
      });
    });
    const ended = new Set<number | 'worker'>();
    this.#admitting.add(ended);
    // Who has spoken is a stranger no more; of those whom `auth` judges there are no more than may come in.
    this.#strangers.delete(farEndOf(request.socket));
    let judged: Access | number;
    do {
      ended.clear();
      const judging = this.#judge(request).catch((error: unknown) => {
        this.#door.onFault(error);
        // Of a token of which nothing has been said that can be meant, nobody has said that it is known.
        return error instanceof RemoteOptionError ? 401 : 503;
      });
      judged = await Promise.race([judging, gone]);
    } while (typeof judged !== 'number' && ended.has(whoOf(judged)));
    this.#admitting.delete(ended);
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
        served: this.#served, access: judged, tokens: this.#door.tokens, limits: this.#door.limits, shares: this.#shares,
        onFault: (error) => { this.#door.onFault(error); },
        onClose: () => this.#connections.delete(connection),
      }, request.socket);
      this.#connections.add(connection);
    });
  }

  /** What whoever comes in may do, or the HTTP status with which he is turned away. */
  async #judge({ headers }: IncomingMessage): Promise<Access | number> {
    if (this.#closing || this.#connections.size + this.#admitting.size > this.#door.limits.maxConnections) return 503;
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

/** What fails when it is told of a fault must not be another, of which the client that waits for its answer knows nothing. */
function telling(onFault: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      onFault(error);
    } catch {
      // Nobody is left who could be told.
    }
  };
}

/** By whom connections are ended. */
function whoOf(access: Access): number | 'worker' {
  return access === 'worker' ? access : access.user;
}

/** The other end of a connection: the same for what is encrypted and for what carries it. */
function farEndOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${String(remotePort)}`;
}
