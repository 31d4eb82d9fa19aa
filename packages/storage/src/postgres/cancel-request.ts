import type { PoolClient, PoolConfig } from 'pg';
import { isIP, type Socket } from 'node:net';
import { loadDriver } from './load-driver';

/** As they are when this is loaded: where tests let time stand still later on, statements are stopped all the same. */
const { setTimeout, clearTimeout } = globalThis;

/** How long a server may take to act on a request that does next to nothing. */
const PATIENCE_MS = 2_000;

/** What became of a request: `done`, the server has acted on it; `unasked`, it never came to that; `unclear`, it may still be on its way. */
export type CancelOutcome = 'done' | 'unasked' | 'unclear';

type Tls = Exclude<PoolConfig['ssl'], boolean | undefined>;

/** What a client of `pg` knows of its own connection: not all of it in the type declarations, but in every release of 8. */
interface Insides {
  readonly host: string;
  readonly port: number;
  readonly ssl: boolean | Tls | undefined;
  readonly sslNegotiation?: 'postgres' | 'direct' | undefined;
  readonly processID: number | null;
  readonly secretKey: number | null;
}

/** A connection of `pg` before anybody has logged in over it. */
interface Wire {
  readonly stream: { destroy(): void };
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
  on(event: 'connect' | 'sslconnect' | 'error' | 'end', listener: () => void): void;
}

/**
 * Asks a server to cancel what a connection of its runs, by the protocol's own CancelRequest: over another connection, encrypted where the first one is, on which nobody logs in, so that it takes none
 * of those that the server gives, and poolers in between know it.
 *
 * @returns `done` once the server has sent the signal and closed that connection: what the first one is sent from then on is not met by it
 */
export function requestCancel(client: PoolClient, { stream }: Pick<PoolConfig, 'stream'>): Promise<CancelOutcome> {
  const { host, port, ssl, sslNegotiation, processID, secretKey } = client as unknown as Insides;
  if (processID === null || secretKey === null) return Promise.resolve('unasked'); // a pooler that gives no keys
  const { Connection } = loadDriver() as unknown as { readonly Connection: new (config: object) => Wire };
  return new Promise((resolve) => {
    let outcome: CancelOutcome = 'unasked';
    const wire = new Connection({ stream, ssl: ssl ? tlsFor(host, ssl) : false, sslNegotiation });
    const end = (): void => {
      clearTimeout(patience);
      resolve(outcome);
      wire.stream.destroy();
    };
    const patience = setTimeout(end, PATIENCE_MS);
    const ask = (): void => {
      wire.cancel(processID, secretKey);
      outcome = 'unclear';
    };
    let isRefused = false;
    wire.on('connect', () => {
      if (!ssl) ask();
      else if (sslNegotiation !== 'direct') wire.requestSsl();
    });
    wire.on('sslconnect', ask);
    wire.on('error', () => { isRefused = true; });
    wire.on('end', () => {
      // Closed without a word is how the server answers.
      if (outcome === 'unclear' && !isRefused) outcome = 'done';
      end();
    });
    if (host.startsWith('/')) wire.connect(`${host}/.s.PGSQL.${String(port)}`);
    else wire.connect(port, addressOf(client) ?? host);
  });
}

/** Where it is connected to: a name may stand for several servers, of which only this one knows the statement. */
function addressOf(client: PoolClient): string | undefined {
  return streamOf(client).remoteAddress;
}

/** Not in the type declarations of `pg`, but in every release of it, and relied on by its own satellites. */
export function streamOf(client: PoolClient): Socket {
  return (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream;
}

/** The same certificate is asked for, though the server is called by its address. */
function tlsFor(host: string, ssl: true | Tls): Tls {
  const given = ssl === true ? {} : ssl;
  // `pg` hides the key from those who list what there is.
  return { ...given, ...given.key !== undefined && { key: given.key }, ...isIP(host) === 0 && { servername: given.servername ?? host } };
}
