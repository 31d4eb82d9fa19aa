import { TABLES_SIGNAL, type Tag } from './change-log';
import type { LogView } from './log-knowledge';
import type { Columns, GroupQuery, Groups, Query, ReadQuestion } from './query';
import type { Snapshot } from './snapshot';
import { whyInvalid, type EntryStamp, type MissReason } from './validity';

/**
 * What a session sees, and what its process knows of the change log: all that decides whether an entry of a cache is true for it.
 *
 * Everything here answers at once, from memory. What the process knows grows meanwhile, for all sessions together.
 * @see docs/protocol.md
 */
export interface Sight {
  /** What the transaction sees; at READ COMMITTED what a statement begun when the sight was asked for saw at least. */
  readonly snapshot: Snapshot;
  /** Of the database and schema this session reads; stamps of its answers bear it. */
  readonly epoch: string;
  /** The change log, by the names of this session's schema. */
  readonly log: LogView;
  /** Whether this transaction has itself changed what a tag stands for, or may have. Once true it stays so, also after a savepoint. */
  isChangedHere(tag: Tag): boolean;
  /** Whether this transaction has changed anything at all, whatever did it, or may have: what it reads from then on is nobody else's. Once true it stays so, too. */
  hasChanged(): boolean;
  /** Why changes of a model do not all reach the log, so that nothing of it may be kept; undefined when they do. */
  whyUncachable(model: string): string | undefined;
}

/** What a transaction has been told of the change log: what reloads of others it sees, also where no entry of a cache can be judged. */
export type Heard = Pick<Sight, 'snapshot' | 'log'>;

/** An answer that a serializable transaction took from a cache: asked again before it commits. Records missing in the answer to a `read` do not exist. */
export type CachedRead =
  | { readonly kind: 'read'; readonly question: ReadQuestion; readonly answer: Columns }
  | { readonly kind: 'query'; readonly question: Query; readonly answer: Columns; readonly tags: readonly Tag[] }
  | { readonly kind: 'group'; readonly question: GroupQuery; readonly answer: Groups; readonly tags: readonly Tag[] };

/**
 * Whether an entry of a cache is what a session would get from the database now: undefined if it is, otherwise why not.
 *
 * @param tags - all that the entry depends on
 * @remarks In memory; linear in the changes known of what the tags stand for between the two snapshots.
 */
export function whyStale(sight: Sight, entry: EntryStamp, tags: readonly Tag[]): MissReason | undefined {
  const { extent } = sight.log;
  // Another session of this process may have met another server since.
  if (extent?.epoch !== sight.epoch) return 'another epoch';
  if (tags.some(({ model }) => sight.whyUncachable(model) !== undefined)) return 'not watched';
  return whyInvalid({
    entry, reader: sight.snapshot, log: extent, writers: writersOf(sight.log, tags, decisive(entry.snapshot, sight.snapshot)), isChangedHere: tags.some((tag) => sight.isChangedHere(tag)),
  });
}

const TABLES: Tag = { model: TABLES_SIGNAL };

/** The transactions of which two snapshots may say different things: both have seen the older ones end, and neither sees the later ones. */
function decisive(a: Snapshot, b: Snapshot): { readonly from: bigint; readonly below: bigint } {
  return { from: a.xmin < b.xmin ? a.xmin : b.xmin, below: endOf(a) > endOf(b) ? endOf(a) : endOf(b) };
}

function endOf({ xmax, own }: Snapshot): bigint {
  return own !== undefined && own >= xmax ? own + 1n : xmax;
}

/**
 * Who has altered tables is a writer of everything. What else happens to tables unlogged, because of what he did or before he undid it, needs a lock that he had, too: it
 * came before him and ended, or after him. So who sees him sees the former, and the latter is seen by nobody who does not see him.
 */
function* writersOf(log: LogView, tags: readonly Tag[], between: { readonly from: bigint; readonly below: bigint }): Generator<bigint> {
  yield* log.writersOf(TABLES, between);
  for (const tag of tags) yield* log.writersOf(tag, between);
}
