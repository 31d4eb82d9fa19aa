import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { answers, startOnFreePort, waitUntilReady } from './free-port.mjs';
import { onLeash } from './leash.mjs';

/** Cache servers that tests ask for when they need them: programs of this machine. See docs/decisions/0004. */
const KINDS = {
  redis: {
    name: 'Redis',
    variable: 'REDIS_URL',
    program: 'redis-server',
    question: { send: 'PING\r\n', expect: '+PONG' },
    command: ({ port, folder, config }) => ['redis-server', ...(config ? [config] : []), '--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no', '--cluster-node-timeout', '2000'],
    url: ({ port }) => `redis://127.0.0.1:${port}`,
    target: (url) => ({ host: new URL(url).hostname, port: Number(new URL(url).port || 6379) }),
  },
  memcached: {
    name: 'Memcached',
    variable: 'MEMCACHED_URL',
    program: 'memcached',
    question: { send: 'version\r\n', expect: 'VERSION' },
    command: ({ port, socket }) => ['memcached', '-m', '32', ...(socket ? ['-s', socket] : ['-l', '127.0.0.1', '-p', String(port), '-U', '0'])],
    url: ({ port, socket }) => socket ?? `127.0.0.1:${port}`,
    target: (url) => (url.startsWith('/') ? { path: url } : { host: url.slice(0, url.lastIndexOf(':')), port: Number(url.slice(url.lastIndexOf(':') + 1)) }),
  },
};

let made = 0;

/**
 * Starts one server on a free port, or on the port and in the folder that one had which has ended.
 *
 * @param {{ kind: 'redis' | 'memcached', args?: string[], config?: string, port?: number, folder?: string, onSocket?: boolean }} wanted - `onSocket`: Memcached on a Unix socket; `config`: of Redis, what stands in its file
 * @param {{ folder: string, owner: { uid?: number, gid?: number } }} home
 * @returns {Promise<{ url: string, pid: number, port: number, folder: string, release: () => void }>}
 */
export async function startCacheServer({ kind, args = [], config: lines, port: given, folder: before, onSocket = false }, { folder: parent, owner }) {
  const { name, program, question, command, url } = KINDS[kind];
  await checkInstalled(KINDS[kind]);
  const folder = before ?? join(parent, `${kind}-${String((made += 1))}`);
  mkdirSync(folder, { recursive: true });
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const socket = onSocket ? join(folder, 'socket') : undefined;
  const config = lines === undefined ? undefined : join(folder, 'redis.conf');
  if (config !== undefined) {
    // A Sentinel writes there, too.
    writeFileSync(config, lines);
    if (owner.uid !== undefined) chownSync(config, owner.uid, owner.gid);
  }
  let server;
  const start = (port) => (server = onLeash([...command({ port, folder, socket, config }), ...args], { folder, owner, signal: 'KILL' }));
  let port = given ?? 0;
  if (socket !== undefined || given !== undefined) await waitUntilReady({ name: program, server: start(port), target: socket === undefined ? { port, host: '127.0.0.1' } : { path: socket }, question });
  else port = await startOnFreePort(name, start, question);
  return { url: url({ port, socket }), pid: server.pid(), port, folder, release: server.release };
}

/** Finds the server that all tests of a run may share: somebody else's, if the variable names one, and one of our own otherwise. */
export async function sharedCacheServer(kind, home) {
  const { name, variable, target, question } = KINDS[kind];
  const given = process.env[variable];
  if (!given) return startCacheServer({ kind }, home);
  if (await answers(target(given), question)) return { url: given };
  throw new Error(`${variable} is set, but no ${name} answers there. Start it, or unset the variable to have one started.`);
}

async function checkInstalled({ name, variable, program }) {
  try {
    await promisify(execFile)(program, ['--version']);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`No ${name} for the tests: the program '${program}' is not installed. Debian: apt-get install ${program}; macOS: brew install ${program.replace('-server', '')}; `
      + `or \`docker compose up -d\` and ${variable}, which does for tests that need not kill it.`);
  }
}
