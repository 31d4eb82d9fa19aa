import { MisuseError } from '@ormolu/kernel';
import { serve } from '@ormolu/remote';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
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
  readonly pool?: number;
  readonly token?: string | readonly string[];
  readonly key?: string;
  readonly cert?: string;
}

/** Serves a database until the process is told to end; then rolls back what is open, and closes it. */
export async function serveCommand({ models, storage, port, host, pool, token, key, cert }: ServeArguments, { out, note }: CliOutput): Promise<void> {
  const tls = await certificateOf(key, cert);
  const db = await openOrmolu({ models: await loadModels(models), storage: storageAt(storage, { pool }) });
  try {
    const workers = token === undefined ? undefined : [token].flat();
    const server = await serve(db, { port, host, auth: workers && { workers }, tls }).catch((error: unknown) => {
      throw listenError(error, host, port);
    });
    // Who reads that line may end it at once.
    const told = new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => { resolve(); });
    });
    out(`Serving ${server.url}`);
    await told;
    note('Closing.');
    await server.close();
  } finally {
    await db.close();
  }
}

/**
 * What connections are encrypted with, looked at before the database is opened: without its other half, or with one of another pair, a server listens and nobody can reach it.
 *
 * @throws {MisuseError} CLI_SERVE
 */
async function certificateOf(keyFile: string | undefined, certFile: string | undefined): Promise<{ readonly key: Buffer; readonly cert: Buffer } | undefined> {
  if (keyFile === undefined && certFile === undefined) return undefined;
  if (keyFile === undefined || certFile === undefined) {
    const [given, missing] = keyFile === undefined ? ['--cert', '--key'] : ['--key', '--cert'];
    throw new MisuseError('CLI_SERVE', `${given} is given without ${missing}, and nobody could connect. Give both for connections that are encrypted, or neither.`);
  }
  const [key, cert] = [await contentOf('--key', keyFile), await contentOf('--cert', certFile)];
  assertUsable({ cert }, `--cert names ${certFile}, which holds no certificate in PEM`, 'Name the file that holds the certificate, and behind it those that vouch for it.');
  assertUsable({ key }, `--key names ${keyFile}, which holds no private key in PEM, or one that only a passphrase opens`, 'Name the file that holds the key of the certificate, without a passphrase.');
  assertUsable({ key, cert }, `The key of ${keyFile} is not that of the certificate of ${certFile}`, 'Name the two files that were made together.');
  return { key, cert };
}

/** @throws {MisuseError} CLI_SERVE */
function assertUsable(given: SecureContextOptions, what: string, remedy: string): void {
  try {
    createSecureContext(given);
  } catch (cause) {
    throw new MisuseError('CLI_SERVE', `${what} (${codeOf(cause) ?? 'no reason given'}). ${remedy}`, { cause });
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
  const unknown = 'nobody knows an address of that name. Give another --host, or the address itself';
  const remedy = { EADDRINUSE: 'another program listens there. End it, or take another --port', EACCES: 'this user may not. Take a --port from 1024 up', EADDRNOTAVAIL: 'this machine has no such address. Give another --host', ENOTFOUND: unknown, EAI_AGAIN: unknown }[code ?? ''];
  return remedy === undefined ? error : new MisuseError('CLI_SERVE', `serve cannot listen on ${host}, port ${String(port)}: ${remedy}.`, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}
