import { redis } from 'ormolu';
import { MemoryBackend, type Backend } from '@ormolu/tiers';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A cache server that an example may use. */
export interface CacheServer {
  readonly kind: 'redis' | 'memory';
  /** A connection of one's own, as each process has it. */
  readonly connect: () => Backend;
  /** Before all keys of this run. */
  readonly prefix: string;
  readonly stop: () => void;
}

const LONGEST_START_MS = 5_000;

/**
 * The Redis of `REDIS_URL`; or one that is started for as long as the example runs, where the program is installed; or else what stands in for one in this
 * process's memory, so that every example runs everywhere.
 */
export async function cacheServer(): Promise<CacheServer> {
  const prefix = `example-${String(process.pid)}`;
  const url = process.env['REDIS_URL'];
  if (url !== undefined) return { kind: 'redis', prefix, connect: () => redis(url), stop: () => undefined };
  return (await ownRedis(prefix)) ?? inMemory(prefix);
}

/** Redis on a socket in a folder of its own. @returns undefined where it is not installed */
async function ownRedis(prefix: string): Promise<CacheServer | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'example-redis-'));
  const path = join(folder, 'socket');
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder], { stdio: ['ignore', 'pipe', 'ignore'] });
  const stop = (): void => {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', stop);
  const isReady = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.once('exit', () => resolve(false));
    server.stdout.on('data', (said: Buffer) => {
      if (/ready to accept connections/i.test(said.toString())) resolve(true);
    });
    setTimeout(() => resolve(false), LONGEST_START_MS).unref();
  });
  if (isReady) return { kind: 'redis', prefix, connect: () => redis({ path }), stop };
  stop();
  return undefined;
}

function inMemory(prefix: string): CacheServer {
  const backend = new MemoryBackend();
  return { kind: 'memory', prefix, connect: () => backend, stop: () => undefined };
}
