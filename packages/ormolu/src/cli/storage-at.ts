import { MisuseError, type Storage } from '@ormolu/kernel';
import { remote } from '@ormolu/remote';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { existsSync } from 'node:fs';

/**
 * The storage behind a URL or directory.
 * @param token - for a server that asks for one
 * @throws {MisuseError} CLI_STORAGE
 */
export function storageAt(place: string, token?: string): Storage {
  if (/^(tcp|tls):\/\//i.test(place)) return remote(place, { token });
  if (/^postgres(ql)?:\/\//i.test(place)) return postgres(place);
  const directory = place.replace(/^pglite:/i, '');
  // What is meant as a URL may hold a password: none of it is told, and no directory is made of it.
  const isUrl = /\/\/|@/.test(directory) && !existsSync(directory);
  if (directory === '' || isUrl) {
    throw new MisuseError('CLI_STORAGE', `--storage takes postgres://…, tcp://host:port, or the directory of an embedded database; it was given ${isUrl ? 'something that looks like another URL, or a misspelt one. Begin it with postgres://, or make the directory first if it is one' : 'nothing'}.`);
  }
  return pglite({ dataDir: directory });
}
