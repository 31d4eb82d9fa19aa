import type { Id } from '@ormolu/kernel';
import type { Field, TriggerTree } from '@ormolu/registry';
import type { UndoLog } from '../undo/undo-log';

/** What a firing does to the dependents it finds. */
export interface Firing {
  /** The field whose change fired. */
  readonly cause: Field;
  /** Of these records, as far as they are known. */
  readonly ids: readonly Id[];
  /** Grows with every firing; assignments remember it, so that a trigger resolved later can tell what came after it. */
  readonly sequence: number;
  /** Pairs that were protected when it fired. */
  readonly shield: ReadonlyMap<Field, ReadonlySet<Id>>;
  /** The changed records are drafts that follow their origins: what they read of these they go on reading. */
  readonly isFollowing?: boolean;
  /** What stood there before was not in memory: whether anything has changed is not known yet. */
  readonly isUnseen?: boolean;
  /** Between the change and where the walk goes on stands a stored value, which may come out as it was. */
  readonly isIndirect?: boolean;
  /** Where everybody is noted whom it concerns, for who has to tell them once more. */
  readonly met?: Met[];
}

/** Some records of a field that a firing concerned. */
export interface Met {
  readonly firing: Firing;
  readonly target: Field;
  readonly ids: readonly Id[];
  /** Whether what they read has changed itself, and not only something before it. */
  readonly isDirect: boolean;
  /** What lay behind the way on which they were met. */
  readonly tree: TriggerTree;
}

/** A trigger that stopped where finding the dependents needs rows that are not in memory. */
export interface PendingTrigger {
  readonly firing: Firing;
  /** The relation to go back through: the dependents are the records of its model that hold one of `ids`. */
  readonly key: Field;
  readonly ids: ReadonlySet<Id>;
  /** What lies behind `key`. */
  readonly tree: TriggerTree;
  /** Which state of the relation counts: `stored` when the old value was overwritten unseen. */
  readonly side: 'current' | 'stored';
  /** Records known at the write not to hold any of `ids` (side `stored` only). */
  readonly spared: ReadonlySet<Id>;
  /** What `ids` were given (side `stored` only): who held them before and is the same has not lost them. */
  readonly to: Id | null;
  /** Dependents dealt with already, by readers who met the trigger. */
  readonly settled: Map<Field, Set<Id>>;
}

/** The queue of pending triggers, in the order they fired. */
export class PendingTriggers implements Iterable<PendingTrigger> {
  #pending: readonly PendingTrigger[] = [];
  #sequence = 0;
  #turns = 0;
  readonly #assigned = new Map<Field, Map<Id, number>>();
  readonly #undo: UndoLog;

  constructor(undo: UndoLog) {
    this.#undo = undo;
  }

  get size(): number {
    return this.#pending.length;
  }

  [Symbol.iterator](): Iterator<PendingTrigger> {
    return this.#pending[Symbol.iterator]();
  }

  /** The last moment. It never goes back, also when what happened then is undone. */
  get sequence(): number {
    return this.#sequence;
  }

  /** The next moment; every firing and assignment has its own. */
  nextSequence(): number {
    this.#sequence += 1;
    this.#turns += 1;
    return this.#sequence;
  }

  /** How often something has happened that was not taken back at once: whoever waits can tell whether anybody has changed anything meanwhile. */
  get turns(): number {
    return this.#turns;
  }

  /** What has happened since is undone, and nobody else was there to see it. @param turns - as they were before */
  takeBack(turns: number): void {
    this.#turns = turns;
  }

  add(trigger: PendingTrigger): void {
    this.#replace([...this.#pending, trigger]);
  }

  /** Those pending now, in order. */
  snapshot(): readonly PendingTrigger[] {
    return this.#pending;
  }

  /** Forgets triggers that have been resolved. */
  drop(resolved: readonly PendingTrigger[]): void {
    const gone = new Set(resolved);
    this.#replace(this.#pending.filter((trigger) => !gone.has(trigger)));
    if (this.#pending.length === 0) this.#forgetAssignments();
  }

  /** Remembers that a computed value was given by hand: triggers that fired before no longer concern it. */
  noteAssigned(field: Field, ids: readonly Id[]): void {
    if (this.#pending.length === 0) return;
    const sequence = this.nextSequence();
    let assigned = this.#assigned.get(field);
    if (!assigned) this.#assigned.set(field, (assigned = new Map<Id, number>()));
    const times = assigned;
    const before = ids.map((id): [Id, number | undefined] => [id, times.get(id)]);
    for (const id of ids) times.set(id, sequence);
    this.#undo.push(() => {
      for (const [id, time] of before) {
        if (time === undefined) times.delete(id);
        else times.set(id, time);
      }
    });
  }

  /** Whether a trigger that fired then leaves nobody alone. */
  concernsAll(firing: Firing): boolean {
    return firing.shield.size === 0 && this.#assigned.size === 0;
  }

  /** Those of some records of a field that a trigger which fired then concerns. */
  concerned(firing: Firing, field: Field, ids: readonly Id[]): readonly Id[] {
    return this.concernsAll(firing) ? ids : ids.filter((id) => !this.isExempt(firing, field, id));
  }

  /** Whether a trigger that fired then leaves this pair alone: protected at that time, or assigned since. */
  isExempt(firing: Firing, field: Field, id: Id): boolean {
    if (firing.shield.get(field)?.has(id)) return true;
    return (this.#assigned.get(field)?.get(id) ?? 0) > firing.sequence;
  }

  /** Remembers that a reader has dealt with a pair. */
  settle(trigger: PendingTrigger, field: Field, id: Id): void {
    let settled = trigger.settled.get(field);
    if (!settled) trigger.settled.set(field, (settled = new Set()));
    const ids = settled;
    ids.add(id);
    this.#undo.push(() => ids.delete(id));
  }

  clear(): void {
    this.#replace([]);
    this.#forgetAssignments();
  }

  #replace(pending: readonly PendingTrigger[]): void {
    const before = this.#pending;
    this.#pending = pending;
    this.#undo.push(() => {
      this.#pending = before;
    });
  }

  #forgetAssignments(): void {
    const before = [...this.#assigned];
    this.#assigned.clear();
    this.#undo.push(() => {
      for (const [field, times] of before) this.#assigned.set(field, times);
    });
  }
}
