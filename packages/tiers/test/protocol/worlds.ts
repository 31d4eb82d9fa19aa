import type { Bounds } from './steps';

/** Two writers outside, of two transactions together, and two processes, of two transactions each, on two records. */
const BOTH: Bounds = { keys: 2, writes: 2, begins: 2, kills: 0, failovers: 0, trims: 0, alterations: 0, processesWrite: false, roles: ['a', 'a'] };

/** What may happen, a part at a time, so that each can be gone through to its end while one waits. */
export const WORLDS = {
  'readers beside writers': BOTH,
  'the log is trimmed or forgotten': { ...BOTH, trims: 1 },
  'the log is trimmed and forgotten, more than once': { ...BOTH, keys: 1, trims: 2 },
  'a process is killed and starts again, and the log is trimmed': { ...BOTH, begins: 1, trims: 1, kills: 1 },
  'another server takes over': { ...BOTH, failovers: 1 },
  'readers write, and what they write cascades': { ...BOTH, writes: 1, begins: 1, processesWrite: true },
  'readers of two roles': { ...BOTH, writes: 1, begins: 1, processesWrite: true, roles: ['a', 'b'] },
  'somebody alters the table by hand, and what is written meanwhile is not logged': { ...BOTH, keys: 1, writes: 1, begins: 1, alterations: 2 },
  'serializable transactions': { ...BOTH, writes: 0, transactions: 3, processesWrite: true, isSerializable: true },
} satisfies Record<string, Bounds>;

/** Worlds of millions, for `pnpm explore`: all that the smaller ones leave apart is together in some of them. */
export const LARGER_WORLDS = {
  'three writes': { ...BOTH, writes: 3 },
  'trimmed, killed, taken over': { ...BOTH, begins: 1, trims: 1, kills: 1, failovers: 1 },
  'trimmed twice': { ...BOTH, trims: 2 },
  'four transactions, three of them of processes that write': { ...BOTH, writes: 1, transactions: 3, processesWrite: true },
  'processes that write beside two writers, and the log is trimmed': { ...BOTH, begins: 1, trims: 1, processesWrite: true },
  'altered by hand twice, beside three writes, and the log is trimmed': { ...BOTH, keys: 1, writes: 3, alterations: 2, trims: 1 },
  'altered by hand thrice, and a process is killed': { ...BOTH, keys: 1, alterations: 3, kills: 1, begins: 1 },
  'four serializable transactions': { ...BOTH, writes: 0, processesWrite: true, isSerializable: true },
} satisfies Record<string, Bounds>;
