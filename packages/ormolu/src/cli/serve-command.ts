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
    const tls = key === undefined && cert === undefined ? undefined : { key: key && await readFile(key), cert: cert && await readFile(cert) };
    const server = await serve(db, { port, host, auth: workers && { workers }, tls });
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
