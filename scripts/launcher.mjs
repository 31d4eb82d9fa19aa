import { readFileSync } from 'node:fs';

const LOOK_MS = 500;

/**
 * Calls back when npm is killed while we run, or the shell by which npm started us. Neither passes a kill -9 on, and a test run that
 * nobody waits for would keep its servers until its end.
 */
export function whenLauncherDies(callback) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const before = launchers();
  const looking = setInterval(() => {
    if (launchers() === before) return;
    clearInterval(looking);
    callback();
  }, LOOK_MS);
  looking.unref();
}

/** Our parent's id, and its parent's where the system has a /proc to ask. */
function launchers() {
  const parent = process.ppid;
  try {
    // "pid (name) state ppid …", where a name may hold spaces and brackets.
    const grandparent = readFileSync(`/proc/${parent}/stat`, 'utf8').split(') ').at(-1).split(' ')[1];
    return `${parent} ${grandparent}`;
  } catch {
    return String(parent);
  }
}
