/**
 * Which transactions a reader of the database sees.
 *
 * Those below `xmax` that are not in progress have ended before the snapshot was taken; those that ended well are seen.
 * @see PostgreSQL's documentation, "System Information Functions": pg_current_snapshot()
 */
export interface Snapshot {
  /** The lowest transaction in progress, or `xmax` when there is none: whatever is below has ended. */
  readonly xmin: bigint;
  /** The first transaction that had not begun to write. */
  readonly xmax: bigint;
  /** Those between that were in progress; ascending. */
  readonly inProgress: readonly bigint[];
  /** A transaction that is seen whatever the rest says: the one whose own commit an image comes from. */
  readonly own?: bigint | undefined;
}

/** The form of pg_current_snapshot(): `xmin:xmax:in,progress`. */
const TEXT = /^(\d{1,20}):(\d{1,20}):((?:\d{1,20},)*\d{1,20})?$/;

/**
 * Reads the text of `pg_current_snapshot()`.
 *
 * @returns undefined when it is none: what comes from a cache server may be anything
 */
export function parseSnapshot(text: string): Snapshot | undefined {
  const [whole, low, high, list] = TEXT.exec(text) ?? [];
  if (whole === undefined || low === undefined || high === undefined) return undefined;
  const snapshot = { xmin: BigInt(low), xmax: BigInt(high), inProgress: list === undefined ? [] : list.split(',').map(BigInt) };
  return isWellFormed(snapshot) ? snapshot : undefined;
}

/** The text of a snapshot without its own transaction, as `pg_current_snapshot()` gives it. */
export function formatSnapshot({ xmin, xmax, inProgress }: Snapshot): string {
  return `${String(xmin)}:${String(xmax)}:${inProgress.join(',')}`;
}

function isWellFormed({ xmin, xmax, inProgress }: Snapshot): boolean {
  if (xmin > xmax) return false;
  return inProgress.every((xid, place) => xid >= xmin && xid < xmax && (place === 0 || xid > (inProgress[place - 1] ?? 0n)));
}

/** Whether what a transaction wrote, if it committed, is seen. */
export function sees(snapshot: Snapshot, xid: bigint): boolean {
  if (xid === snapshot.own) return true;
  return xid < snapshot.xmin || (xid < snapshot.xmax && !includesSorted(snapshot.inProgress, xid));
}

/**
 * Whether one snapshot sees all that another sees: `inner ≤ outer`.
 *
 * @remarks Linear in the transactions in progress; it does not depend on how far apart the two are.
 */
export function isWithin(inner: Snapshot, outer: Snapshot): boolean {
  if (inner.own !== undefined && !sees(outer, inner.own)) return false;
  if (inner.xmax > outer.xmax && !reachesNoFurther(inner, outer)) return false;
  return outer.inProgress.every((xid) => xid === outer.own || !sees({ ...inner, own: undefined }, xid));
}

/** Whether a snapshot with a later end sees nothing beyond another's, because all of it was in progress. */
function reachesNoFurther(inner: Snapshot, outer: Snapshot): boolean {
  const beyond = inner.xmax - outer.xmax;
  // More than could all be in progress: no need to look at each.
  if (beyond > BigInt(inner.inProgress.length) + 1n) return false;
  for (let xid = outer.xmax; xid < inner.xmax; xid += 1n) if (xid !== outer.own && !includesSorted(inner.inProgress, xid)) return false;
  return true;
}

/**
 * Whether two snapshots see the same of all transactions below one, so that who wrote there does not matter.
 *
 * @remarks Linear in the transactions in progress, and only where one of them has some below the limit. Of snapshots with different ends below it, it says false.
 */
export function agreeBelow(limit: bigint, a: Snapshot, b: Snapshot): boolean {
  if (a.xmin >= limit && b.xmin >= limit) return true;
  if (a.xmax !== b.xmax && (a.xmax < limit || b.xmax < limit)) return false;
  const agree = (xid: bigint | undefined): boolean => xid === undefined || xid >= limit || sees(a, xid) === sees(b, xid);
  return agree(a.own) && agree(b.own) && a.inProgress.every(agree) && b.inProgress.every(agree);
}

/** What a snapshot sees, and one transaction more: that of the images which its own commit made true. */
export function withOwn(snapshot: Snapshot, own: bigint): Snapshot {
  return { ...snapshot, own };
}

function includesSorted(sorted: readonly bigint[], wanted: bigint): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const here = sorted[middle];
    if (here === undefined || here < wanted) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === wanted;
}
