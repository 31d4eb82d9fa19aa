import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { ComputeFailure } from '../errors';

/** One compute that is running: for which fields and records, and what it has assigned. */
export interface ComputingFrame {
  readonly fields: ReadonlySet<Field>;
  readonly ids: ReadonlySet<Id>;
  readonly assigned: Map<Field, Set<Id>>;
}

/** The computes that are running, the innermost last: one reads a pending value, which is computed first. */
export class ComputingStack {
  readonly #frames: ComputingFrame[] = [];
  readonly #failures = new Map<Field, Map<Id, ComputeFailure>>();
  #passes = 0;

  /** Whether anything is running. */
  get isRunning(): boolean {
    return this.#frames.length > 0;
  }

  /** Whether this pair is being computed now, at any depth. */
  has(field: Field, id: Id): boolean {
    for (const frame of this.#frames) if (frame.ids.has(id) && frame.fields.has(field)) return true;
    return false;
  }

  /** The computes that are running now, the innermost last. */
  frames(): readonly ComputingFrame[] {
    return [...this.#frames];
  }

  /** Runs a compute. What it assigns is noted in the frame it is given. */
  run(fields: readonly Field[], ids: readonly Id[], compute: (frame: ComputingFrame) => void): void {
    const frame: ComputingFrame = { fields: new Set(fields), ids: new Set(ids), assigned: new Map() };
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
    const ids = new Set<Id>();
    const begin = (id: Id): void => {
      ids.clear();
      ids.add(id);
    };
    this.#frames.push({ fields: new Set([field]), ids, assigned: new Map() });
    try {
      compute(begin);
    } finally {
      this.#frames.pop();
    }
  }

  /** Notes a value that the running compute of this pair gave. */
  noteAssigned(field: Field, id: Id): void {
    const assigned = this.#frameOf(field, id)?.assigned;
    assigned?.set(field, (assigned.get(field) ?? new Set()).add(id));
  }

  #frameOf(field: Field, id: Id): ComputingFrame | undefined {
    return this.#frames.findLast((frame) => frame.fields.has(field) && frame.ids.has(id));
  }
}
