import { concerns, meet, MODELS_SIGNAL, type ChangeRow, type LogPoll, type Tag } from './change-log';
import { isWithin, sees, type Snapshot } from './snapshot';
import type { LogExtent } from './validity';

/** The change log as somebody may look at it: how far it is known, and who wrote what. */
export interface LogView {
  /** Undefined when nothing is known yet: then no entry can be judged. */
  readonly extent: LogExtent | undefined;
  /**
   * The transactions that may have changed what a tag stands for, of those known; some may come twice.
   * @param between - `from`: older ones do not matter to the caller; `below`: nor do this one and later ones @defaultValue all that are known
   */
  writersOf(tag: Tag, between?: { readonly from: bigint; readonly below: bigint }): Iterable<bigint>;
  /** The rows that concern a tag, of those known: what an explanation shows. */
  rowsOf(tag: Tag): readonly ChangeRow[];
}

/** Of one transaction, what it changed of a record or of a model. */
interface Change {
  readonly xid: bigint;
  readonly fields: readonly string[] | null;
}

/** The changes of one model, each list ascending by transaction. */
interface ModelChanges {
  /** Every change. */
  readonly all: Change[];
  /** Those of any record. */
  readonly whole: Change[];
  readonly byId: Map<string, Change[]>;
}

/** Rows kept of the log when nothing else is asked: some tens of megabytes. */
const MAX_ROWS = 100_000;
/** Who has news of the log from somebody else, and what of it he wants. */
export interface NewsOptions {
  /** Of one who knows nothing yet: from which transaction on. @defaultValue all that is known */
  readonly from?: bigint | undefined;
  /** Rows at most; the oldest are left out, and what only they could decide is a miss. @defaultValue 20,000 */
  readonly most?: number | undefined;
}

/** Rows passed on at most: a few megabytes. */
const MOST_NEWS = 20_000;
/** Reloads remembered. */
const MOST_RELOADS = 100;

/**
 * What one process knows of the change log of one database: complete for every transaction from `extent.since` on that `extent.until` sees.
 *
 * Polls may be answered in any order: what one has told already another may tell again.
 * @remarks Memory is bounded: beyond `maxRows` the oldest transactions are forgotten, and what only they could decide is a miss.
 * @see docs/protocol.md
 */
export class LogKnowledge implements LogView {
  readonly #maxRows: number;
  readonly #models = new Map<string, ModelChanges>();
  #rows: ChangeRow[] = [];
  /** Those that tell of other models: no judgement depends on them, and who has forgotten one would go on with models that are gone. */
  #reloads: ChangeRow[] = [];
  #extent: LogExtent | undefined;

  /** @param options - `maxRows`: how many rows of the log are remembered, from 1 up @defaultValue 100,000 */
  constructor({ maxRows = MAX_ROWS }: { readonly maxRows?: number | undefined } = {}) {
    this.#maxRows = maxRows;
  }

  get extent(): LogExtent | undefined {
    return this.#extent;
  }

  /** Rows remembered. */
  get size(): number {
    return this.#rows.length;
  }

  /** Takes in the answer to a poll. */
  learn(poll: LogPoll): void {
    const known = this.#extent;
    if (known?.epoch !== poll.epoch) this.#beginAnew(poll);
    else if (poll.after === undefined || isWithin(poll.after, known.until)) this.#extend(known, poll);
    // Else it was asked from what this process has since given up; the next one asks from what is known.
    this.#forgetBeyondBound();
    this.remember(poll.rows.filter(({ model }) => model === MODELS_SIGNAL));
  }

  /** Takes in rows that tell of other models, wherever they were read. */
  remember(reloads: readonly ChangeRow[]): void {
    for (const row of reloads) if (!this.#reloads.some(({ xid, id }) => xid === row.xid && id === row.id)) insert(this.#reloads, row);
    if (this.#reloads.length > MOST_RELOADS) this.#reloads = this.#reloads.slice(-MOST_RELOADS);
  }

  *writersOf({ model, id, fields }: Tag, between?: { readonly from: bigint; readonly below: bigint }): Generator<bigint> {
    if (model === MODELS_SIGNAL) yield* this.#reloads.map(({ xid }) => xid);
    const changes = this.#models.get(model);
    if (!changes) return;
    const lists = id === undefined ? [changes.all] : [changes.byId.get(String(id)) ?? [], changes.whole];
    for (const list of lists) {
      for (let at = between ? placeOf(list, between.from) : 0; at < list.length; at += 1) {
        const change = list[at];
        if (change && between && change.xid >= between.below) break;
        if (change && meet(change.fields, fields)) yield change.xid;
      }
    }
  }

  rowsOf(tag: Tag): readonly ChangeRow[] {
    if (tag.model === MODELS_SIGNAL) return this.#reloads;
    const xids = new Set(this.writersOf(tag));
    return this.#rows.filter((row) => xids.has(row.xid) && concerns(row, tag));
  }

  /**
   * What is known here and not to somebody else, in the form in which a poll of his own would have told him.
   *
   * @param known - how far he knows the log, of the same epoch; undefined: he knows nothing of it
   * @returns undefined when nothing is known here, either
   */
  newsFor(known: Snapshot | undefined, { from, most = MOST_NEWS }: NewsOptions = {}): LogPoll | undefined {
    const { extent } = this;
    if (!extent) return undefined;
    const since = known ? extent.since : highest(from ?? 0n, extent.since);
    const late = (known?.inProgress ?? []).flatMap((xid) => this.#rows.slice(placeOf(this.#rows, xid), placeOf(this.#rows, xid + 1n)));
    const all = [...late, ...this.#rows.slice(placeOf(this.#rows, known?.xmax ?? since))];
    // Of a transaction all rows come, or none.
    const cut = all.length > most ? (all[all.length - most - 1]?.xid ?? 0n) + 1n : 0n;
    const trimmed = highest(cut, since);
    return {
      after: known, ...!known && { from: trimmed }, until: extent.until, epoch: extent.epoch, trimmed,
      rows: [...all.filter(({ xid }) => xid >= trimmed), ...this.#reloads.filter(({ xid }) => (known ? !sees(known, xid) : xid >= extent.until.xmin))],
    };
  }

  /** Another database, timeline or log: nothing of what was known counts. */
  #beginAnew({ after, from, until, epoch, trimmed, rows }: LogPoll): void {
    this.#models.clear();
    this.#rows = [];
    // A first poll asks from the lowest transaction in progress on, or from farther back; any other asked from where this process stood in the other epoch.
    const since = after === undefined ? from ?? until.xmin : until.xmax;
    this.#extent = { since: highest(since, trimmed), until, epoch };
    this.#add(rows.filter(({ xid }) => xid >= since));
  }

  #extend(known: LogExtent, { after, from, until, trimmed, rows }: LogPoll): void {
    this.#add(rows.filter(({ xid }) => xid >= known.since && !sees(known.until, xid)));
    // Snapshots of one database contain each other; the one that contains less was taken first, and its answer came late.
    const isNews = isWithin(known.until, until);
    if (isNews && after === undefined) this.#extent = { ...known, since: highest(known.since, from ?? until.xmin), until };
    else if (isNews) this.#extent = { ...known, until };
    this.forgetBelow(trimmed);
  }

  #add(rows: readonly ChangeRow[]): void {
    for (const row of rows) {
      if (row.model === MODELS_SIGNAL) continue;
      insert(this.#rows, row);
      this.#index(row);
    }
  }

  #index({ xid, model, id, fields }: ChangeRow): void {
    let changes = this.#models.get(model);
    if (!changes) {
      changes = { all: [], whole: [], byId: new Map() };
      this.#models.set(model, changes);
    }
    insert(changes.all, { xid, fields });
    if (id === null) {
      insert(changes.whole, { xid, fields });
      return;
    }
    const key = String(id);
    const ofRecord = changes.byId.get(key);
    if (ofRecord) insert(ofRecord, { xid, fields });
    else changes.byId.set(key, [{ xid, fields }]);
  }

  #forgetBeyondBound(): void {
    if (this.#rows.length <= this.#maxRows) return;
    // A tenth more than need be, so that the indexes are made anew seldom.
    const since = this.#rows[this.#rows.length - Math.floor(this.#maxRows * 0.9)]?.xid ?? this.#rows.at(-1)?.xid ?? 0n;
    const isBounded = this.#rows.length - placeOf(this.#rows, since) <= this.#maxRows;
    this.forgetBelow(isBounded ? since : since + 1n);
  }

  /** Rows below what is known to be complete go in any case: a poll that asked anew may have raised that. */
  forgetBelow(oldest: bigint): void {
    if (!this.#extent) return;
    const since = highest(oldest, this.#extent.since);
    this.#extent = { ...this.#extent, since };
    const kept = placeOf(this.#rows, since);
    if (kept === 0) return;
    this.#rows = this.#rows.slice(kept);
    this.#models.clear();
    for (const row of this.#rows) this.#index(row);
  }
}

/** Puts a change where it belongs by its transaction: nearly always at the end. */
function insert<T extends { readonly xid: bigint }>(list: T[], one: T): void {
  const last = list.at(-1);
  if (last === undefined || last.xid <= one.xid) list.push(one);
  else list.splice(placeOf(list, one.xid), 0, one);
}

/** Where the changes of a transaction and those after it begin. */
function placeOf(list: readonly { readonly xid: bigint }[], xid: bigint): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.xid ?? xid) < xid) low = middle + 1;
    else high = middle;
  }
  return low;
}

function highest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
