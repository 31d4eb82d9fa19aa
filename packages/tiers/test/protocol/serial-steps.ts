import { committedBy, keysOf, mayBegin, withProcess, written } from './changes';
import { isSerial } from './serial-order';
import type { Bounds, Faults, Step } from './steps';
import { snapshotOf, type Open, type World } from './world';

/**
 * What a process may do at SERIALIZABLE: it reads from the database or from caches, and asks again before it commits.
 *
 * Caches may answer anything that the database would: that it is nothing else, the other worlds show. So nothing is followed here of entries
 * and of the log, and caches are as full as can be.
 */
export function* serialSteps(world: World, place: number, faults: Faults, bounds: Bounds): Generator<Step> {
  const process = world.processes[place];
  if (process?.open) yield* transactionSteps(world, place, { open: process.open, faults, bounds });
  else if (process && mayBegin(world, process, bounds)) {
    const open: Open = { snapshot: snapshotOf(world), xid: undefined, wrote: [], knows: [], read: [], asked: [] };
    yield { name: `p${String(place)} begins`, after: withProcess(world, place, { open, begun: process.begun + 1 }) };
  }
}

function* transactionSteps(world: World, place: number, { open, faults, bounds }: { readonly open: Open; readonly faults: Faults; readonly bounds: Bounds }): Generator<Step> {
  const { read = [], asked = [], xid, wrote, snapshot } = open;
  const name = `p${String(place)}`;
  const go = (change: Partial<Open>, rest: Partial<World> = {}): World => withProcess({ ...world, ...rest }, place, { open: { ...open, ...change } });
  for (const key of keysOf(bounds)) {
    if (!wrote.includes(key) && !asked.includes(key)) yield { name: `${name} asks the database for ${String(key)}`, after: go({ read: including(read, key), asked: including(asked, key) }) };
    if (!wrote.includes(key) && !read.includes(key)) yield { name: `${name} is answered ${String(key)} by the caches`, after: go({ read: including(read, key) }) };
    const writes = written(world, open, { key, keys: [key], faults });
    if (writes) yield { name: `${name} writes ${String(key)}`, after: go(writes, { nextXid: xid === undefined ? world.nextXid + 1n : world.nextXid }) };
  }
  yield { name: `${name} rolls back`, after: withProcess(world, place, { open: undefined }) };
  if (asked.length < read.length && faults.skipsReplay !== true) {
    yield { name: `${name} asks again for what the caches answered`, after: go({ asked: read }) };
    return;
  }
  const serial = [...world.serial, { snapshot, xid, wrote, read, asked }];
  // The database refuses what it can tell to be no order.
  if (isSerial(serial, 'asked')) yield { name: `${name} commits`, after: withProcess({ ...world, serial, committed: committedBy(world, open) }, place, { open: undefined }) };
}

function including(keys: readonly number[], key: number): readonly number[] {
  return keys.includes(key) ? keys : [...keys, key].sort();
}
