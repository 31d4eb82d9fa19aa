/**
 * Goes on when what has arrived is read: a process that was busy for long, or a machine that was asleep, finds its answers behind its timers.
 *
 * @remarks The first turn may be the one in which the process has just become free: sockets are read between the two.
 */
export function whenRead(goOn: () => void): void {
  setImmediate(() => setImmediate(goOn));
}
