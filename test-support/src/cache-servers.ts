import { connect, type Socket } from 'node:net';

/** The cache servers there are. */
export type CacheServerKind = 'redis' | 'memcached';

/** A cache server of one test alone, which it may stop, kill and start again. */
export interface OwnCacheServer {
  /** `redis://127.0.0.1:PORT`, `127.0.0.1:PORT`, or the path of a socket. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** What it keeps on disk. */
  readonly folder: string;
  /** Sends the server a signal: `SIGKILL`, `SIGSTOP`, `SIGCONT`. */
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Ends it for good. */
  stop(): void;
}

/** How a server of one's own is started. */
export interface OwnCacheServerOptions {
  /** Further arguments of the program. */
  readonly args?: readonly string[];
  /** Redis only: what stands in its configuration file, for what arguments cannot say. */
  readonly config?: string;
  /** The port of one that has ended, to take its place. */
  readonly port?: number;
  /** The folder of one that has ended, with what it left there. */
  readonly folder?: string;
  /** Memcached only: on a Unix socket. */
  readonly onSocket?: boolean;
}

interface Answer {
  readonly error?: string;
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly folder: string;
}

/**
 * Finds the cache server that the tests of a run share: that of `REDIS_URL` or `MEMCACHED_URL`, or one that is started for the first who
 * asks. Others use it too, so take keys nobody else takes.
 *
 * @returns its URL
 * @throws {Error} when it cannot be had; the message says how to get it
 */
export async function sharedCacheServer(kind: CacheServerKind): Promise<string> {
  const { socket, answer } = await ask({ kind });
  socket.destroy();
  return answer.url;
}

/**
 * Starts a cache server that is nobody else's. It ends when it is stopped, or when this process ends in any way.
 *
 * @throws {Error} when it cannot be had; the message says how to get it
 */
export async function ownCacheServer(kind: CacheServerKind, options: OwnCacheServerOptions = {}): Promise<OwnCacheServer> {
  const { socket, answer } = await ask({ kind, own: true, ...options });
  const { url, port, pid, folder } = answer;
  // It is this connection that keeps the server; it does not keep this process.
  socket.unref();
  return {
    url, port, pid, folder,
    signal: (name) => {
      process.kill(pid, name);
    },
    stop: () => {
      socket.destroy();
    },
  };
}

async function ask(request: OwnCacheServerOptions & { readonly kind: CacheServerKind; readonly own?: boolean }): Promise<{ socket: Socket; answer: Answer }> {
  const path = process.env['ORMOLU_TEST_SERVERS'];
  if (path === undefined) throw new Error('Cache servers: ORMOLU_TEST_SERVERS is not set. Run through `npx jest` or `pnpm bench`, or call startServices() first.');
  const socket = connect(path);
  const answer = await new Promise<Answer>((resolve, reject) => {
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      // What services/requests.mjs answers.
      if (text.endsWith('\n')) resolve(JSON.parse(text) as Answer);
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('The test servers have ended.')));
    socket.write(`${JSON.stringify(request)}\n`);
  });
  if (answer.error === undefined) return { socket, answer };
  socket.destroy();
  throw new Error(answer.error);
}
