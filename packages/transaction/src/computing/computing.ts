import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { ComputeFailure } from '../errors';
import { ComputeRecords } from './compute-records';

/** One compute that is running: for which fields and records, and what it has assigned. */
export interface ComputingFrame {
  readonly fields: ReadonlySet<Field>;
  readonly ids: ReadonlySet<Id>;
  readonly assigned: Map<Field, Set<Id>>;
  holds(field: Field, id: Id): boolean;
}

/** Nobody sees it but the engine, and a compute that catches what it does not expect. */
const REFUSED = 'A compute that was to find everything in memory read what waits to be computed.';

/** A compute that runs for records one after the other. */
class EachFrame implements ComputingFrame {
  readonly field: Field;
  /** The record it is at. */
  id: Id | undefined;
  #assigned: Map<Field, Set<Id>> | undefined;

  constructor(field: Field) {
    this.field = field;
  }

  get assigned(): Map<Field, Set<Id>> {
    return (this.#assigned ??= new Map<Field, Set<Id>>());
  }

  get fields(): ReadonlySet<Field> {
    return new Set([this.field]);
  }

  get ids(): ReadonlySet<Id> {
    return new Set(this.id === undefined ? [] : [this.id]);
  }

  holds(field: Field, id: Id): boolean {
    return id === this.id && field === this.field;
  }
}

/** The computes that are running, the innermost last: one reads a pending value, which is computed first. */
export class ComputingStack {
  /** The records that computes in memory are given. */
  readonly records: ComputeRecords = new ComputeRecords();
  readonly #frames: ComputingFrame[] = [];
  readonly #failures = new Map<Field, Map<Id, ComputeFailure>>();
  #passes = 0;
  #isInMemory = false;
  #refused = 0;

  /** Whether anything is running. */
  get isRunning(): boolean {
    return this.#frames.length > 0;
  }

  /** Whether anything is running, or a piece of work that computes on its way. */
  get isBusy(): boolean {
    return this.#frames.length > 0 || this.#passes > 0;
  }

  /** Whether this pair is being computed now, at any depth. */
  has(field: Field, id: Id): boolean {
    for (const frame of this.#frames) if (frame.holds(field, id)) return true;
    return false;
  }

  /** The computes that are running now, the innermost last. */
  frames(): readonly ComputingFrame[] {
    return [...this.#frames];
  }

  /** Runs a compute. What it assigns is noted in the frame it is given. */
  run(fields: readonly Field[], ids: readonly Id[], compute: (frame: ComputingFrame) => void): void {
    const frame = setFrame(new Set(fields), new Set(ids));
    this.#frames.push(frame);
    try {
      compute(frame);
    } finally {
      this.#frames.pop();
    }
  }

  /**
   * Does one piece of work with all that is computed on its way. What fails in it is not tried again in it: every reader gets the failure,
   * where trying again would double the work with each reader of a reader.
   */
  pass<T>(work: () => T): T {
    this.#passes += 1;
    try {
      return work();
    } finally {
      this.#passes -= 1;
      if (this.#passes === 0) this.#failures.clear();
    }
  }

  /** How a value failed in the pass that is running. */
  failureOf(field: Field, id: Id): ComputeFailure | undefined {
    return this.#failures.get(field)?.get(id);
  }

  noteFailures(field: Field, failures: readonly ComputeFailure[]): void {
    if (failures.length === 0) return;
    const known = this.#failures.get(field) ?? new Map<Id, ComputeFailure>();
    this.#failures.set(field, known);
    for (const failure of failures) for (const id of failure.ids) known.set(id, failure);
  }

  /** Runs the compute of one field for one record after the other. @param compute - says of each record that it begins with it */
  runEach(field: Field, compute: (begin: (id: Id) => void) => void): void {
    const frame = this.enter(field);
    try {
      compute((id) => { frame.id = id; });
    } finally {
      this.leave();
    }
  }

  /**
   * Runs computes that are to find everything in memory.
   *
   * @throws {unknown} what they threw; and when one has asked for what had to be computed for it, whatever became of that
   */
  inMemory(work: () => void): void {
    this.#isInMemory = true;
    const before = this.#refused;
    try {
      work();
    } finally {
      this.#isInMemory = false;
    }
    if (this.#refused !== before) throw new Error(REFUSED);
  }

  /** Whoever is to compute something asks first: it is refused to computes that are to find everything in memory. */
  assertMayCompute(): void {
    if (!this.#isInMemory) return;
    this.#refused += 1;
    throw new Error(REFUSED);
  }

  /** Begins with the compute of one field for one record after the other; `leave` ends it. @returns where to say which record is its turn */
  enter(field: Field): { id: Id | undefined } {
    const frame = new EachFrame(field);
    this.#frames.push(frame);
    return frame;
  }

  leave(): void {
    this.#frames.pop();
  }

  /** Notes a value that the running compute of this pair gave. */
  noteAssigned(field: Field, id: Id): void {
    const assigned = this.#frameOf(field, id)?.assigned;
    assigned?.set(field, (assigned.get(field) ?? new Set()).add(id));
  }

  #frameOf(field: Field, id: Id): ComputingFrame | undefined {
    return this.#frames.findLast((frame) => frame.holds(field, id));
  }
}

function setFrame(fields: ReadonlySet<Field>, ids: ReadonlySet<Id>): ComputingFrame {
  return { fields, ids, assigned: new Map(), holds: (field, id) => ids.has(id) && fields.has(field) };
}
