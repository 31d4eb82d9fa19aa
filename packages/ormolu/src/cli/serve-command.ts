import { MisuseError } from '@ormolu/kernel';
import { serve } from '@ormolu/remote';
import { readFile } from 'node:fs/promises';
import { openOrmolu } from '../ormolu';
import { loadModels } from './load-models';
import type { CliOutput } from './program';
import { storageAt } from './storage-at';

/** What `ormolu serve` was asked to do. */
export interface ServeArguments {
  readonly models: string;
  readonly storage: string;
  readonly port: number;
  readonly host: string;
  readonly token?: string | readonly string[];
  readonly key?: string;
  readonly cert?: string;
}

/** Serves a database until the process is told to end; then rolls back what is open, and closes it. */
export async function serveCommand({ models, storage, port, host, token, key, cert }: ServeArguments, { out, note }: CliOutput): Promise<void> {
  const db = await openOrmolu({ models: await loadModels(models), storage: storageAt(storage) });
  try {
    const workers = token === undefined ? undefined : [token].flat();
    const tls = key === undefined && cert === undefined ? undefined : { key: key && await contentOf('--key', key), cert: cert && await contentOf('--cert', cert) };
    const server = await serve(db, { port, host, auth: workers && { workers }, tls }).catch((error: unknown) => {
      throw listenError(error, host, port);
    });
    out(`Serving ${server.url}`);
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => { resolve(); });
    });
    note('Closing.');
    await server.close();
  } finally {
    await db.close();
  }
}

async function contentOf(option: string, file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new MisuseError('CLI_SERVE', `${option} names ${file}, which cannot be read (${codeOf(cause) ?? 'no reason given'}). Name a file in PEM that this user may read.`, { cause });
  });
}

/** What kept a server from listening, in words; anything else as it is. */
function listenError(error: unknown, host: string, port: number): unknown {
  const code = codeOf(error);
  const remedy = { EADDRINUSE: 'another program listens there. End it, or take another --port', EACCES: 'this user may not. Take a --port from 1024 up', EADDRNOTAVAIL: 'this machine has no such address. Give another --host' }[code ?? ''];
  return remedy === undefined ? error : new MisuseError('CLI_SERVE', `serve cannot listen on ${host}, port ${String(port)}: ${remedy}.`, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}
