import { MisuseError } from '@ormolu/kernel';
import { constants, existsSync } from 'node:fs';
import { access, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LOCK_FILE } from './directory-lock';

/** A data directory that no database can be opened in. Nothing in it was changed. */
export class DataDirError extends MisuseError {
  constructor(dataDir: string, reason: string, options: { readonly remedy?: string; readonly cause?: unknown } = {}) {
    const remedy = options.remedy ?? 'Name another directory, or move this one away and restore it from a backup.';
    super('STORAGE_DATA_DIR', `The data directory '${dataDir}' cannot be opened: ${reason}. Nothing in it was changed. ${remedy}`, { cause: options.cause, details: { dataDir } });
  }
}

/** The file that PostgreSQL writes its major version into. */
const VERSION_FILE = 'PG_VERSION';

/** Stands in a directory while a first database is made in it: with it there, nothing beside it was ever anybody's. */
const MAKING_FILE = 'ormolu.making';

/** In which an engine notes that it runs; one that fails to start leaves it behind. */
const PID_FILE = 'postmaster.pid';

/**
 * Looks at a data directory before the engine does, which would say nothing helpful, or put a database between other files. Makes it
 * when it is missing.
 *
 * @param version - the engine's major version
 * @throws {DataDirError} STORAGE_DATA_DIR when it is no directory, not writable, holds other files, or a database of another version
 */
export async function prepareDataDir(dataDir: string, version: string): Promise<void> {
  const found = await stat(dataDir).catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new DataDirError(dataDir, codeOf(cause) === 'ENOTDIR' ? 'something on the way to it is a file' : 'it cannot be looked at', { cause });
  });
  if (!found) {
    await make(dataDir);
    return;
  }
  if (!found.isDirectory()) throw new DataDirError(dataDir, 'it is a file');
  await demandAccess(dataDir, dataDir);
  const names = (await readdir(dataDir)).filter((name) => name !== LOCK_FILE);
  if (names.length === 0 || names.includes(MAKING_FILE)) return;
  if (!names.includes(VERSION_FILE)) throw new DataDirError(dataDir, 'it holds files that are no PostgreSQL database');
  const written = (await readFile(join(dataDir, VERSION_FILE), 'utf8').catch(() => '')).trim();
  if (written !== version) throw new DataDirError(dataDir, `it holds a database of PostgreSQL ${/^\d+(\.\d+)?$/.test(written) ? written : 'of unknown version'}, and the embedded one is ${version}`);
}

/**
 * Makes a first database so that a process killed in the middle leaves nothing that a later one would take for a database.
 *
 * @param dataDir - prepared, and held by this process
 * @param start - makes the database when the directory has none, and opens it
 */
export async function startIn<T>(dataDir: string, start: () => Promise<T>): Promise<T> {
  const names = (await readdir(dataDir)).filter((name) => name !== LOCK_FILE);
  const making = join(dataDir, MAKING_FILE);
  if (names.includes(MAKING_FILE)) for (const name of names) await rm(join(dataDir, name), { recursive: true });
  const isFirst = names.length === 0 || names.includes(MAKING_FILE);
  if (isFirst) await writeFile(making, 'A first database is being made here. Until this file is gone, nothing in this directory counts.\n');
  const pidFile = join(dataDir, PID_FILE);
  const pidBefore = await readFile(pidFile).catch(() => undefined);
  let started: T;
  try {
    started = await start();
  } catch (error) {
    await (pidBefore ? writeFile(pidFile, pidBefore) : rm(pidFile, { force: true }));
    throw error;
  }
  if (isFirst) await rm(making);
  return started;
}

/** One directory after the other: where every new name is said not to exist, as on Linux's /proc, mkdir's own recursion never ends. */
async function makeWithParents(directory: string): Promise<void> {
  const missing: string[] = [];
  for (let here = directory; !existsSync(here) && here !== dirname(here); here = dirname(here)) missing.push(here);
  for (const one of missing.reverse()) {
    await mkdir(one).catch(async (error: unknown) => {
      // Another process that begins in the same moment may have made it.
      if (codeOf(error) !== 'EEXIST' || !(await stat(one)).isDirectory()) throw error;
    });
  }
}

async function make(dataDir: string): Promise<void> {
  try {
    await makeWithParents(resolve(dataDir));
  } catch (cause) {
    throw new DataDirError(dataDir, 'it does not exist and cannot be made', { remedy: `Look at the rights of '${dirname(resolve(dataDir))}', or name another directory.`, cause });
  }
}

async function demandAccess(dataDir: string, directory: string): Promise<void> {
  try {
    await access(directory, constants.W_OK | constants.R_OK | constants.X_OK);
  } catch (cause) {
    throw new DataDirError(dataDir, 'this process may not write there', { remedy: 'Give the process the right to, or name another directory.', cause });
  }
}

/** Of an error of the file system, whatever realm it comes from. */
export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
