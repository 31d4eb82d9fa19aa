import { MODELS_SIGNAL, parseSnapshot, type ChangeRow, type LogPoll, type Snapshot } from '@ormolu/kernel';
import { ResultColumns } from '../wire/result-columns';
import type { Statement } from '../wire/statement';
import { homeOf, type Introduction } from './introduction';
import { RUNNING } from './running';
import { SAME_STRUCTURE, STANDING, STRUCTURE } from './structure';
import type { Companion } from '../sql-transaction';
import { MOST_POLLED, TRIMMED } from './log-objects';

/** What a transaction is told at its beginning: its snapshot, on which server and timeline it is, and how tables hang together there. */
export interface Beginning {
  readonly snapshot: Snapshot;
  readonly home: string;
  readonly structure: string;
  readonly timeline: string;
}

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
      text: `select pg_current_snapshot()::text, case when pg_is_in_recovery() then '' else left(pg_walfile_name(pg_current_wal_lsn()), 8) end, ${RUNNING}, to_regclass('${log.replaceAll('\'', '\'\'')}')::oid::text, ${STRUCTURE}, ${STANDING}`,
      parameters: [], results: 'binary',
    },
    sink: () => new ResultColumns(['text', 'text', 'text', 'text', 'text', 'text']),
    read: ({ columns }) => {
      const [snapshot, timeline, started, log, structure, standing] = columns.map(([value]) => value);
      const parsed = typeof snapshot === 'string' ? parseSnapshot(snapshot) : undefined;
      return parsed && { snapshot: parsed, timeline: String(timeline), home: homeOf(String(started), String(log), String(standing)), structure: String(structure) };
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

/** Asks for the rows that tell of other models, from a transaction on. */
export const askReloads = (log: string): string => `select xid::text, model from ${log} where xid >= $1::text::xid8 and xid < pg_snapshot_xmax(pg_current_snapshot()) and model like '${TOLD_MODELS}%' order by xid`;

/** Such a row, as processes read it. */
export function reloadOf({ xid, model }: { readonly xid: bigint; readonly model: string }): ChangeRow {
  return { xid, model: MODELS_SIGNAL, id: model.slice(TOLD_MODELS.length), fields: null };
}

/** Where a poll begins: behind what is known, or with the first one at a transaction of long ago. */
export interface Reach {
  readonly after: Snapshot | undefined;
  readonly from?: bigint | undefined;
  /** How tables hung together at the end of what is known. */
  readonly structure?: string | undefined;
}

/** What a poll has told: where the transaction is, and what became visible. */
export interface Polled {
  readonly beginning: Beginning;
  readonly rows: PolledRows;
}

/** A poll to be sent. */
export interface PollQuestion {
  /** Statements, and what takes their answers. */
  readonly companions: readonly Companion[];
  /** What they answered; undefined as long as they have not. */
  read(): Polled | undefined;
}

/**
 * Asks a transaction where it is, and for what became visible since a snapshot.
 *
 * By one call of a function where there is one, because the server keeps the plans of what stands in functions: two plain statements cost it
 * twice as much, most of it for planning.
 */
export function askPoll({ log, poll }: { readonly log: string; readonly poll: string | undefined }, { after: known, from, structure }: Reach): PollQuestion {
  // As if all before it were known.
  const after = known ?? (from === undefined ? undefined : { xmin: from, xmax: from, inProgress: [] });
  if (poll !== undefined) return askFunction(poll, after, known && structure);
  const [beginning, rows] = [askBeginning(log), askRows(log, after)];
  const [told, polled] = [beginning.sink(), rows.sink()];
  return {
    companions: [{ statement: beginning.statement, sink: told }, { statement: rows.statement, sink: polled }],
    read: () => {
      const here = told.rows === 0 ? undefined : beginning.read(told);
      return here && { beginning: here, rows: rows.read(polled) };
    },
  };
}

function askFunction(poll: string, after: Snapshot | undefined, known: string | undefined): PollQuestion {
  const sink = new ResultColumns(['text', 'text']);
  const since = after === undefined ? 'null' : `'${String(after.xmax)}'`;
  // Who does not know how tables hung together has to be told, whoever has written since: as if a transaction that never was were still running.
  const running = [...known === undefined ? [0n] : [], ...after?.inProgress ?? []];
  return {
    companions: [{ statement: { text: `select ${poll}(${since}, '{${running.join(',')}}'), ${STANDING}`, parameters: [], results: 'binary' }, sink }],
    read: () => {
      const [answer, standing] = sink.columns.map(([value]) => value);
      if (typeof answer !== 'string') return undefined;
      const [snapshot = '', timeline = '', started = '', log = '', structure = ''] = answer.split(' ', 5);
      const parsed = parseSnapshot(snapshot);
      const news = answer.slice(snapshot.length + timeline.length + started.length + log.length + structure.length + 5);
      return parsed && { beginning: { snapshot: parsed, timeline, home: homeOf(started, log, String(standing)), structure: structure === SAME_STRUCTURE && known !== undefined ? known : structure }, rows: readNews(news) };
    },
  };
}

function readNews(news: string): PolledRows {
  const rows = news === '' ? [] : JSON.parse(news) as [string, string, string | null, string[] | null][]; // as the function builds them
  return sorted(rows.map(([xid, model, id, fields]) => ({ xid: BigInt(xid), model, id, fields })));
}

function readRows({ columns: [xids = [], models = [], ids = [], fields = []] }: ResultColumns): PolledRows {
  return sorted(xids.map((xid, n) => ({ xid, model: models[n], id: ids[n], fields: fields[n] }) as ChangeRow)); // as the statement asks for them
}

/** Tells what has changed from what the log says of itself. */
function sorted(all: readonly ChangeRow[]): PolledRows {
  const rows: ChangeRow[] = [];
  let trimmed = 0n;
  for (const row of all) {
    // A row that was written as it was.
    if (row.fields?.length === 0) continue;
    if (row.model !== TRIMMED) rows.push(row.model.startsWith(TOLD_MODELS) ? reloadOf(row) : row);
    else if (BigInt(row.id ?? 0) > trimmed) trimmed = BigInt(row.id ?? 0);
  }
  return { rows, trimmed, isCut: all.length > MOST_POLLED };
}

/** What a poll has told, as a process takes it in. */
export interface ToldPoll extends LogPoll {
  readonly isCut: boolean;
  /** Of the server, the database and its log, whoever reads and however tables hang together: within one, numbers stand for the same transactions. */
  readonly lineage: string;
}

/** What a poll tells the process. */
export function pollOf({ beginning: { snapshot, timeline }, rows: { rows, trimmed, isCut } }: Polled, { introduction, after, from }: Reach & { readonly introduction: Introduction }): ToldPoll {
  // A program that begins has the models it was made with: of reloads before its time it knows nothing, and need not.
  const heard = from === undefined ? rows : rows.filter(({ model, xid }) => model !== MODELS_SIGNAL || xid >= snapshot.xmin);
  return { after, from, until: snapshot, epoch: `${introduction.epoch}/${timeline}`, trimmed: isCut ? snapshot.xmax : trimmed, rows: isCut ? [] : heard, isCut, lineage: `${introduction.lineage}/${timeline}` };
}
