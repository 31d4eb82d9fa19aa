import { epochOf, LogKnowledge, LogNames, MODELS_SIGNAL, NamedLog, OwnChanges, updatedFields, VERSION_COLUMN, withOwn, type CachedRead, type ChangeRow, type ColumnSchema, type CommittedImages, type EntryStamp, type Schema, type Sight, type Snapshot, type StorageChangeLog, type StoredId } from '@ormolu/kernel';
import { randomUUID } from 'node:crypto';
import { MOST_ROWS } from '../change-log/log-objects';
import { copied } from './normal-value';
import type { Row } from './versions';

const TOLD_MODELS = `${MODELS_SIGNAL} `;

/** What commits of the in-memory database changed, by the numbers of the commits: its transactions are numbered when they end. */
export class MemoryLog implements StorageChangeLog {
  readonly knowledge: LogKnowledge = new LogKnowledge();
  readonly uncachable: ReadonlyMap<string, string> = new Map();
  readonly epoch: string = `memory/${randomUUID()}`;
  #rows: ChangeRow[] = [];
  #trimmed = 0n;

  /** Appends what a commit changed. @param signals - what without a table did */
  append(commit: number, changes: Iterable<readonly [table: string, id: StoredId, before: Row | undefined, after: Row | null]>, signals: readonly string[]): void {
    const xid = BigInt(commit);
    const byTable = new Map<string, ChangeRow[]>();
    for (const [model, id, before, after] of changes) {
      const fields = before && after ? [...new Set([...before.keys(), ...after.keys()])].filter((column) => before.get(column) !== after.get(column)) : null;
      if (fields?.length === 0 || (!before && !after)) continue;
      const rows = byTable.get(model) ?? [];
      byTable.set(model, rows);
      rows.push({ xid, model, id, fields });
    }
    for (const [model, rows] of byTable) this.#rows.push(...rows.length > MOST_ROWS ? [{ xid, model, id: null, fields: null }] : rows);
    for (const signal of signals) {
      const isOfModels = signal.startsWith(TOLD_MODELS);
      this.#rows.push({ xid, model: isOfModels ? MODELS_SIGNAL : signal, id: isOfModels ? signal.slice(TOLD_MODELS.length) : null, fields: null });
    }
  }

  /** Learns all that was committed. @param now - the newest commit */
  poll(now: number): void {
    const after = this.knowledge.extent?.until;
    const until = snapshotOf(now);
    const from = after?.xmax ?? until.xmin;
    this.knowledge.learn({ after, until, epoch: this.epoch, trimmed: this.#trimmed, rows: this.#rows.filter(({ xid }) => xid >= from) });
  }

  trim({ keep = 100_000 }: { readonly keep?: number | undefined } = {}): Promise<number> {
    const mark = this.#rows.at(-Math.max(1, keep))?.xid ?? 0n;
    const before = this.#rows.length;
    this.#rows = this.#rows.filter(({ xid }) => xid >= mark);
    if (this.#rows.length < before) this.#trimmed = mark;
    return Promise.resolve(before - this.#rows.length);
  }
}

/** What a session of the in-memory database with `sight` knows of itself. */
export class MemorySessionLog {
  readonly own: OwnChanges = new OwnChanges();
  /** Each with the names that it was noted by. */
  readonly cachedReads: { readonly schema: Schema; readonly reads: readonly CachedRead[] }[] = [];
  readonly #log: MemoryLog;
  #schema: Schema;
  #names: LogNames;

  constructor(log: MemoryLog, schema: Schema) {
    this.#log = log;
    this.#schema = schema;
    this.#names = new LogNames(schema);
  }

  adopt(schema: Schema): void {
    this.#schema = schema;
    this.#names = new LogNames(schema);
  }

  /** @param asOf - the commit as of which the transaction reads @param now - the newest one */
  sight(asOf: number, now: number): Sight {
    this.#log.poll(now);
    return {
      snapshot: snapshotOf(asOf),
      epoch: this.#epoch,
      log: new NamedLog(this.#log.knowledge, this.#names, this.#schema.digest),
      isChangedHere: (tag) => this.own.has(tag),
      hasChanged: () => this.own.hasAny,
      whyUncachable: () => undefined,
    };
  }

  stamp(asOf: number): EntryStamp | undefined {
    return this.own.hasAny ? undefined : { snapshot: snapshotOf(asOf), epoch: this.#epoch };
  }

  /** How a commit has left the rows that it changed. */
  committed(asOf: number, commit: number, changes: Iterable<readonly [table: string, id: StoredId, row: Row | null]>): CommittedImages {
    const written = new Map<string, { readonly model: string; readonly columns: readonly ColumnSchema[]; readonly rows: Map<StoredId, readonly unknown[] | undefined> }>();
    for (const [name, id, row] of changes) {
      let table = written.get(name);
      if (!table) {
        const known = this.#schema.tables.find((one) => one.table === name);
        if (!known || known.aside) continue;
        written.set(name, (table = { model: known.model, columns: [...known.columns.filter(({ apart }) => !apart), ...known.versioned ? [VERSION_COLUMN] : []], rows: new Map() }));
      }
      table.rows.set(id, row ? table.columns.map(({ column, type }) => copied(type, row.get(column) ?? null)) : undefined);
    }
    return {
      schema: this.#schema,
      stamp: { snapshot: withOwn(snapshotOf(asOf), BigInt(commit)), epoch: this.#epoch },
      written: Array.from(written.values(), ({ model, columns, rows }) => ({ model, fields: columns.map(({ field }) => field), rows })),
    };
  }

  wrote(model: string, ids: readonly StoredId[], fields: readonly string[] | null): void {
    this.own.wrote(model, ids, fields && updatedFields(this.#schema, model, fields));
  }

  /** Finds what a deletion has done beyond the records it was given. */
  met(rows: readonly (readonly [table: string, id: StoredId, columns: readonly string[] | null])[]): void {
    this.own.met(rows.flatMap(([model, id, fields]) => this.#names.inSchema({ model, id, fields }) ?? []));
  }

  get #epoch(): string {
    return epochOf(this.#log.epoch, this.#schema.digest);
  }
}

/** Commits are numbered as they end: whoever reads as of one sees all up to it. */
function snapshotOf(commit: number): Snapshot {
  const xmax = BigInt(commit + 1);
  return { xmin: xmax, xmax, inProgress: [] };
}
