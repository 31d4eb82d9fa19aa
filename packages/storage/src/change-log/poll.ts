import { MODELS_SIGNAL, parseSnapshot, type ChangeRow, type LogPoll, type Snapshot } from '@ormolu/kernel';
import { ResultColumns } from '../wire/result-columns';
import type { Statement } from '../wire/statement';
import { homeOf, type Introduction } from './introduction';
import { TRIMMED } from './log-objects';

/** What a transaction is told at its beginning: its snapshot, and on which server and timeline it is. */
export interface Beginning {
  readonly snapshot: Snapshot;
  readonly home: string;
  readonly timeline: string;
}

/** Rows one poll may bring; who is farther behind begins anew. */
export const MOST_POLLED = 50_000;

/** A statement that goes ahead of others, and what it answers once it has. */
export interface Question<T> {
  readonly statement: Statement;
  /** Takes the answer; another one for each time it is sent. */
  sink(): ResultColumns;
  /** What the answer means. */
  read(columns: ResultColumns): T;
}

/** Asks a transaction for its snapshot and where it is. A standby has no timeline of its own. */
export function askBeginning(log: string): Question<Beginning | undefined> {
  return {
    statement: {
      text: `select pg_current_snapshot()::text, case when pg_is_in_recovery() then '' else left(pg_walfile_name(pg_current_wal_lsn()), 8) end, extract(epoch from pg_postmaster_start_time())::text, to_regclass('${log.replaceAll('\'', '\'\'')}')::oid::text`,
      parameters: [], results: 'binary',
    },
    sink: () => new ResultColumns(['text', 'text', 'text', 'text']),
    read: ({ columns }) => {
      const [snapshot, timeline, started, log] = columns.map(([value]) => value);
      const parsed = typeof snapshot === 'string' ? parseSnapshot(snapshot) : undefined;
      return parsed && { snapshot: parsed, timeline: String(timeline), home: homeOf(String(started), String(log)) };
    },
  };
}

/** The rows a poll has brought, those that tell of trimming apart. */
export interface PolledRows {
  readonly rows: readonly ChangeRow[];
  readonly trimmed: bigint;
  /** There may be more: nothing is known for sure of what lies between. */
  readonly isCut: boolean;
}

/**
 * Asks for exactly what became visible since a snapshot: what it could not see because it began later, or was still running.
 *
 * `> the last row seen` would lose who commits late; `>= xmin` is dear beside a transaction that stays open for long. The numbers of
 * transactions stand in the text, which is so planned for them: the log's index is used whatever its statistics say.
 * @param after - absent: from the lowest transaction in progress on
 */
export function askRows(log: string, after: Snapshot | undefined): Question<PolledRows> {
  const columns = `l.xid, l.model, l.id, to_jsonb(l.fields)`;
  const from = after === undefined ? 'pg_snapshot_xmin(pg_current_snapshot())' : `'${String(after.xmax)}'::xid8`;
  // A log that was restored into a younger cluster has rows of transactions to come.
  const since = `select ${columns} from ${log} l where l.xid >= ${from} and l.xid < pg_snapshot_xmax(pg_current_snapshot()) order by l.xid limit ${MOST_POLLED + 1}`;
  const text = after === undefined || after.inProgress.length === 0 ? since
    : `(${since}) union all (select ${columns} from ${log} l where l.xid = any('{${after.inProgress.join(',')}}'::xid8[]) order by l.xid limit ${MOST_POLLED + 1})`;
  return { statement: { text, parameters: [], results: 'binary' }, sink: () => new ResultColumns(['int8', 'text', 'text', 'jsonb']), read: readRows };
}

const TOLD_MODELS = `${MODELS_SIGNAL} `;

function readRows({ columns: [xids = [], models = [], ids = [], fields = []] }: ResultColumns): PolledRows {
  const rows: ChangeRow[] = [];
  let trimmed = 0n;
  xids.forEach((xid, n) => {
    const row = { xid, model: models[n], id: ids[n], fields: fields[n] } as ChangeRow; // as the statement asks for them
    // A row that was written as it was.
    if (row.fields?.length === 0) return;
    if (row.model !== TRIMMED) rows.push(row.model.startsWith(TOLD_MODELS) ? { ...row, model: MODELS_SIGNAL, id: row.model.slice(TOLD_MODELS.length) } : row);
    else if (BigInt(row.id ?? 0) > trimmed) trimmed = BigInt(row.id ?? 0);
  });
  return { rows, trimmed, isCut: xids.length > MOST_POLLED };
}

/** What a poll tells the process. */
export function pollOf({ snapshot, timeline }: Beginning, { rows, trimmed, isCut }: PolledRows, { introduction, after }: { readonly introduction: Introduction; readonly after: Snapshot | undefined }): LogPoll {
  return { after, until: snapshot, epoch: `${introduction.epoch}/${timeline}`, trimmed: isCut ? snapshot.xmax : trimmed, rows: isCut ? [] : rows };
}
