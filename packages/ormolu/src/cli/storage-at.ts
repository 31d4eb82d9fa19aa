import { MisuseError, type Storage } from '@ormolu/kernel';
import { remote } from '@ormolu/remote';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { existsSync } from 'node:fs';

/**
 * The storage behind a URL or directory.
 * @param options - `token`: for a server that asks for one; `pool`: connections of a PostgreSQL database
 * @throws {MisuseError} CLI_STORAGE
 */
export function storageAt(place: string, { token, pool }: { readonly token?: string | undefined; readonly pool?: number | undefined } = {}): Storage {
  if (/^postgres(ql)?:\/\//i.test(place)) return pool === undefined || !URL.canParse(place) ? postgres(place) : postgres({ connectionString: place, max: pool });
  if (pool !== undefined) throw new MisuseError('CLI_STORAGE', '--pool says how many connections of a PostgreSQL database are open at a time, and --storage names none. Leave it out, or give postgres://….');
  if (/^(tcp|tls):\/\//i.test(place)) return remote(place, { token });
  const directory = place.replace(/^pglite:/i, '');
  // What is meant as a URL may hold a password: none of it is told, and no directory is made of it.
  const isUrl = /\/\/|@/.test(directory) && !existsSync(directory);
  if (directory === '' || isUrl) {
    throw new MisuseError('CLI_STORAGE', `--storage takes postgres://…, tcp://host:port, or the directory of an embedded database; it was given ${isUrl ? 'something that looks like another URL, or a misspelt one. Begin it with postgres://, or make the directory first if it is one' : 'nothing'}.`);
  }
  return pglite({ dataDir: directory });
}
