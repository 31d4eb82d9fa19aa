import { LastOrderedSet, Lru, OrderedSet, StackMap } from '@ormolu/kernel';
import { KeyAbsentError, outcomeOf, recordedOutcome, UnknownRecordingError, type Format, type Scenario } from '../scenario';

interface Op {
  readonly op: string;
  readonly key: string;
  readonly value: unknown;
  readonly values: readonly unknown[];
}

interface Trace {
  readonly seed: number;
  readonly ops: readonly Op[];
}

interface StructureFile {
  readonly lru: readonly (Trace & { readonly capacity: number; readonly finalOldestFirst: readonly unknown[] })[];
  readonly stackmap: readonly (Trace & { readonly finalMapsBottomFirst: readonly unknown[] })[];
  readonly orderedset: readonly (Trace & { readonly kind: string; readonly final: readonly unknown[] })[];
}

/** A structure under test: what each recorded call does, and what it holds at the end. */
interface Subject {
  readonly calls: Readonly<Record<string, (op: Op) => unknown>>;
  readonly final: () => unknown;
}

/** What the recorded servers raise where ours answers that there is none. */
function present<T>(isPresent: boolean, value: () => T): T {
  if (!isPresent) throw new KeyAbsentError();
  return value();
}

function lruSubject(capacity: number): Subject {
  const lru = new Lru<string, unknown>(capacity);
  return {
    calls: {
      get: ({ key }) => lru.get(key),
      getitem: ({ key }) => present(lru.has(key), () => lru.get(key)),
      set: ({ key, value }) => lru.set(key, value),
      contains: ({ key }) => lru.has(key),
      del: ({ key }) => present(lru.delete(key), () => null),
      pop: ({ key }) => present(lru.has(key), () => lru.take(key)),
      len: () => lru.size,
      clear: () => lru.clear(),
    },
    final: () => [...lru.entries()],
  };
}

function stackMapSubject(): Subject {
  const map = new StackMap<string, unknown>();
  return {
    calls: {
      get: ({ key }) => map.get(key),
      getitem: ({ key }) => present(map.has(key), () => map.get(key)),
      set: ({ key, value }) => map.set(key, value),
      contains: ({ key }) => map.has(key),
      del: ({ key }) => present(map.delete(key), () => null),
      // The recorded keys are sorted: the servers promise no order.
      keys: () => [...map.keys()].sort(),
      len: () => map.size,
      pushmap: () => map.push(),
      popmap: () => Object.fromEntries(map.pop()),
    },
    final: () => map.maps().map((one) => Object.fromEntries(one)),
  };
}

function orderedSetSubject(kind: string): Subject {
  if (kind !== 'OrderedSet' && kind !== 'LastOrderedSet') throw new UnknownRecordingError(`there is no ordered set of kind '${kind}'`);
  const set = kind === 'OrderedSet' ? new OrderedSet() : new LastOrderedSet();
  return {
    calls: {
      add: ({ value }) => void set.add(value),
      update: ({ values }) => set.addAll(values),
      discard: ({ value }) => void set.delete(value),
      difference_update: ({ values }) => set.deleteAll(values),
      contains: ({ value }) => set.has(value),
    },
    final: () => [...set],
  };
}

/** Traces of the small structures, each call with its result, and the state at the end. */
export const structureTraces: Format = {
  name: 'ormolu-structures/1',
  *scenarios(data, source) {
    const file = data as StructureFile; // the format's name was checked; a part that is missing fails by itself
    for (const trace of file.lru) yield scenario(`${source}/lru/${trace.seed}`, trace, () => lruSubject(trace.capacity), trace.finalOldestFirst);
    for (const trace of file.stackmap) yield scenario(`${source}/stackmap/${trace.seed}`, trace, stackMapSubject, trace.finalMapsBottomFirst);
    for (const trace of file.orderedset) yield scenario(`${source}/orderedset/${trace.seed}`, trace, () => orderedSetSubject(trace.kind), trace.final);
  },
};

function scenario(name: string, trace: Trace, makeSubject: () => Subject, final: unknown): Scenario {
  return {
    name,
    run(departures) {
      const subject = makeSubject();
      for (const [step, op] of trace.ops.entries()) {
        const call = Object.hasOwn(subject.calls, op.op) ? subject.calls[op.op] : undefined;
        if (call === undefined) throw new UnknownRecordingError(`step ${step}: there is no operation '${op.op}'`);
        const difference = departures.compare(String(step), recordedOutcome({ ...op }), outcomeOf(() => call(op)));
        if (difference !== undefined) return `step ${step} (${op.op}): ${difference}`;
      }
      const difference = departures.compare('final', { final }, { final: subject.final() });
      return difference === undefined ? undefined : `final state: ${difference}`;
    },
  };
}
