import { describeIds, isStoredId, MisuseError, type Id, type StoredId } from '@ormolu/kernel';
import { ComputeError } from '../errors';
import { groupBy } from '../group-by';
import type { RecordSet } from '../records/recordset';
import type { Transaction } from '../transaction';
import { fire, startFiring } from '../triggers/modified';
import { isOutdated, spread, type Consequences } from './consequences';
import { forgetDeleted } from './forget-deleted';
import { inTurn } from './in-turn';
import { surprisesIn } from './surprises';
import { tellAfterwards, tellBefore, type Given } from './tell-of-deletion';
import { emptyUnwatched } from './unwatched-references';
import { emptyWritten } from './written-references';

/** Moves records away from what is about to go. @returns whether it moved any */
export type Spare = (going: Consequences['deleted']) => Promise<boolean>;

/** What a write says to the deletion that is a part of it. */
export interface PartOfWrite {
  /** What is to be moved away from what goes, when it is known what that is. */
  readonly spare?: Spare;
  /** The computed values that it has given, which stay. */
  readonly kept?: Given;
  /** Who is to go as things are now: others may have moved some meanwhile. */
  readonly stillAsked?: () => ReadonlySet<Id>;
}

/**
 * Deletes records and what cascades from them, and leaves no trace of them in memory.
 *
 * What is pending is flushed first, because the foreign keys judge the stored rows. Those who depended on the records are marked.
 * @throws {ConstraintError} when other records refer to them and forbid it
 * @throws {ConcurrentModificationError} STORAGE_VERSION in an optimistic transaction; what cascades is not asked for its version
 * @remarks One DELETE, beside the flush; one SELECT for each many2one by which deletion spreads, and for each that no foreign key
 * watches; one UPDATE for each many2one that is emptied of records which this transaction has written and which go as well.
 */
export async function unlink(set: RecordSet, part: PartOfWrite = {}): Promise<void> {
  const tx = set.env.transaction;
  return inTurn(tx, 'unlink', async () => {
    const current = set.ids.map((id) => tx.drafts.current(id));
    const drafts = current.filter((id) => !isStoredId(id));
    if (drafts.length > 0) {
      throw new MisuseError('TX_DRAFT_UNSAVED', `${set.model}(${describeIds(drafts)}) cannot be deleted: drafts are not in the database. Let go of them; a draft that is never saved leaves nothing.`, {
        details: { model: set.model, ids: drafts },
      });
    }
    const ids = current.filter(isStoredId);
    if (ids.length > 0) await new Deletion(tx, { model: set.model, ids, part }).run();
  });
}

/** One deletion, which looks what goes until nobody has changed that while it looked. */
class Deletion {
  readonly #tx: Transaction;
  readonly #model: string;
  readonly #part: PartOfWrite;
  readonly #putBack: PutBack;
  #ids: readonly StoredId[];
  #isSpared: boolean;
  #isGone = false;

  constructor(tx: Transaction, { model, ids, part }: { readonly model: string; readonly ids: readonly StoredId[]; readonly part: PartOfWrite }) {
    this.#tx = tx;
    this.#model = model;
    this.#ids = ids;
    this.#part = part;
    this.#isSpared = part.spare === undefined;
    this.#putBack = takeOff(tx, model, ids);
  }

  async run(): Promise<void> {
    try {
      // The foreign keys judge the stored rows: whom others have moved meanwhile is to be moved there as well.
      do await this.#tx.flushAhead(); while (!(await this.#tx.withholdFlushes(() => this.#isOver())));
    } catch (error) {
      if (!this.#isGone) this.#putBack(this.#ids, error);
      throw error;
    }
  }

  /** Looks what goes and deletes it. What others want to write waits meanwhile, or what is stored would not be what was looked at. @returns false when there is something to write first */
  async #isOver(): Promise<boolean> {
    const consequences = await spread(this.#tx, this.#model, this.#ids);
    if (!this.#isSpared) {
      this.#isSpared = true;
      if (await this.#part.spare?.(consequences.deleted)) return false;
    }
    if (this.#letStay()) return this.#ids.length === 0;
    if (isOutdated(this.#tx, consequences)) return false;
    // In the same step, so that nobody is moved, or comes to refer to one that goes, and is not seen.
    this.#tx.absent.expect(consequences.deleted);
    try {
      await this.#delete(consequences);
    } finally {
      this.#tx.absent.expect(new Map());
    }
    return true;
  }

  /** Leaves out who is not to go any more: he is computed again like anybody else. @returns whether there is any */
  #letStay(): boolean {
    const asked = this.#part.stillAsked?.();
    const staying = asked ? this.#ids.filter((id) => !asked.has(id)) : [];
    if (staying.length === 0) return false;
    this.#putBack(staying);
    const stays = new Set(staying);
    this.#ids = this.#ids.filter((id) => !stays.has(id));
    return true;
  }

  async #delete(consequences: Consequences): Promise<void> {
    const tx = this.#tx;
    const told = await tellBefore(tx, consequences, this.#part.kept);
    try {
      await emptyWritten(tx, consequences);
      await tx.below.delete(this.#model, this.#ids, {
        surprises: (touched) => {
          this.#isGone = true;
          return surprisesIn(tx, consequences, touched);
        },
      });
      this.#isGone = true;
      await emptyUnwatched(tx, consequences.unwatched);
    } finally {
      if (this.#isGone) {
        tellAfterwards(tx, consequences, told);
        forgetDeleted(tx, consequences);
      }
    }
  }
}

/** Puts what is to be computed of records back: they stay. @param error - what keeps them, if anything went wrong */
type PutBack = (ids: readonly StoredId[], error?: unknown) => void;

/**
 * What is to be computed of records that are to go need not be: they need no values any more, and a compute that fails for them must not keep them.
 */
function takeOff(tx: Transaction, model: string, ids: readonly StoredId[]): PutBack {
  const { toCompute } = tx;
  const taken = [...tx.registry.model(model).fields.values()].flatMap((field) =>
    toCompute.among(field, ids).map((id) => ({ field, id, since: toCompute.possibleSince(field, id) ?? ('certain' as const), time: toCompute.markedAt(field, id) })));
  for (const field of new Set(taken.map(({ field: of }) => of))) toCompute.unmark(field, ids);
  return (back, error) => {
    const isBack = new Set<Id>(back);
    const marks = taken.filter(({ id }) => isBack.has(id));
    // What has changed meanwhile is remembered as long as a value that failed waits to be computed.
    for (const { field, id, since, time } of marks) toCompute.mark(field, [id], error instanceof ComputeError ? since : 'certain', time);
    // Nobody was to wait for them, and who depends on them may have been computed, or taken for what he was.
    for (const [field, own] of groupBy(marks, ({ field: of }) => of)) {
      const waiting = own.map(({ id }) => id);
      fire(tx, { ...startFiring(tx, field, waiting), isUnseen: true }, tx.registry.triggersOf(field), waiting);
    }
  };
}
