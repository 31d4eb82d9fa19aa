import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Names the process that has a data directory open: two engines on one directory would destroy it, and neither would notice. */
export const LOCK_FILE = 'ormolu.lock';

/** The directories that this process has open. */
const open = new Set<string>();

/** Who holds a directory that could not be locked. */
export class DirectoryHeld {
  readonly pid: number;

  constructor(pid: number) {
    this.pid = pid;
  }
}

/**
 * Takes a directory for this process.
 * @returns what gives it back, or who holds it
 * @remarks A lock whose process is gone is taken over. A number that was given to another process since looks held: the message says
 * which file to remove then.
 */
export function lockDirectory(directory: string): (() => void) | DirectoryHeld {
  const path = resolve(directory);
  if (open.has(path)) return new DirectoryHeld(process.pid);
  const file = join(path, LOCK_FILE);
  const holder = holderOf(file);
  if (holder !== undefined) return new DirectoryHeld(holder);
  rmSync(file, { force: true });
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: 'wx' });
  } catch (error) {
    // Somebody was faster by a moment.
    const winner = holderOf(file);
    if (winner === undefined) throw error;
    return new DirectoryHeld(winner);
  }
  open.add(path);
  return () => {
    open.delete(path);
    rmSync(file, { force: true });
  };
}

/** The living process, other than this one, that a lock file names. */
function holderOf(file: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const pid = Number(text.trim());
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    // No right to signal it means that it lives.
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM' ? pid : undefined;
  }
}
