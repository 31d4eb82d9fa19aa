import { sees, withOwn } from '@ormolu/kernel';
import type { Bounds, Faults } from './steps';
import { openOnes, type Committed, type Entry, type Open, type Process, type World } from './world';

const ONE_KEY: readonly number[] = [0];
const TWO_KEYS: readonly number[] = [0, 1];

export function keysOf({ keys }: Bounds): readonly number[] {
  return keys === 1 ? ONE_KEY : TWO_KEYS;
}

/** Whether a process may begin another transaction. */
export function mayBegin({ processes }: World, { begun }: Process, { begins, transactions = Infinity }: Bounds): boolean {
  return begun < begins && processes.reduce((sum, one) => sum + one.begun, 0) < transactions;
}

/** The world with another state of one process. */
export function withProcess(world: World, place: number, change: Partial<Process>): World {
  return { ...world, processes: world.processes.map((process, at) => (at === place ? { ...process, ...change } : process)) };
}

export function isLocked(world: World, key: number): boolean {
  return openOnes(world).some(({ wrote }) => wrote.includes(key));
}

/** What a transaction has written after writing a key, or undefined when the database would not let it. Key 0 cascades to the keys given. */
export function written(world: World, open: Open, { key, keys, faults }: { readonly key: number; readonly keys: readonly number[]; readonly faults: Faults }): Open | undefined {
  const touched = key === 0 ? keys : [key];
  if (touched.some((one) => open.wrote.includes(one) || isLocked(world, one))) return undefined;
  // Somebody was faster: at REPEATABLE READ that is a serialization failure.
  const isLate = world.committed.some(({ xid, keys }) => touched.some((one) => keys.includes(one)) && !sees(open.snapshot, xid));
  if (isLate && open.isReadCommitted !== true) return undefined;
  const learnt = faults.missesOwnCascades === true ? [key] : touched;
  return { ...open, xid: open.xid ?? world.nextXid, wrote: [...open.wrote, ...touched], knows: [...open.knows, ...learnt] };
}

/** What a commit gives to the caches. */
export function imagesOf({ role, log }: Process, { snapshot, xid, wrote, isReadCommitted }: Open): readonly Entry[] {
  if (xid === undefined || isReadCommitted === true) return [];
  return wrote.map((key) => ({ key, value: `${String(xid)}${role}`, snapshot: withOwn(snapshot, xid), epoch: log.epoch, role }));
}

export function committedBy(world: World, { xid, wrote, isUnlogged = false, isAltering = false }: Open): readonly Committed[] {
  if (xid === undefined) return world.committed;
  return [...world.committed, { xid, keys: wrote, isLogged: !isUnlogged, isAltering }];
}
