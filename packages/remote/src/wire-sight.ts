import { formatSnapshot, parseSnapshot, type ChangeRow, type CommittedImages, type EntryStamp, type LogPoll, type Schema, type Snapshot, type StoredId, type Tag, type WrittenRows } from '@ormolu/kernel';

/** How far a client knows the change log: the epoch, and the snapshot as PostgreSQL writes it. */
export type WireExtent = readonly [epoch: string, until: string];

/** News of the change log, as they travel: what a poll would have brought. */
export interface WireNews {
  readonly after: string | null;
  readonly from: bigint | null;
  readonly until: string;
  readonly epoch: string;
  readonly trimmed: bigint;
  readonly rows: readonly (readonly [xid: bigint, model: string, id: StoredId | null, fields: readonly string[] | null])[];
}

/** What a transaction of the server sees, told once it is known, and again when it has changed. */
export interface WireSight {
  /** Model → why nothing of it may be kept; `*`: nothing of any. */
  readonly uncachable: readonly (readonly [model: string, reason: string])[];
  /** Null: caches answer nothing in this transaction. */
  readonly seen: { readonly snapshot: string; readonly epoch: string; /** What the epoch has beyond that of the log. */ readonly version: string; /** Whether it has changed anything. */ readonly hasChanged: boolean; readonly news: WireNews } | null;
}

/** How a commit has left what it changed, as it travels. */
export interface WireImages {
  readonly stamp: EntryStamp;
  readonly written: readonly { readonly model: string; readonly fields: readonly string[]; readonly rows: readonly (readonly [id: StoredId, values: readonly unknown[] | null])[] }[];
}

/** A tag as it travels: what is absent is null. */
export type WireTag = readonly [model: string, id: StoredId | null, fields: readonly string[] | null];

export function newsToWire({ after, from, until, epoch, trimmed, rows }: LogPoll): WireNews {
  return {
    after: after ? formatSnapshot(after) : null, from: from ?? null, until: formatSnapshot(until), epoch, trimmed,
    rows: rows.map(({ xid, model, id, fields }) => [xid, model, id, fields]),
  };
}

export function newsFromWire({ after, from, until, epoch, trimmed, rows }: WireNews): LogPoll | undefined {
  const [known, now] = [after === null ? undefined : parseSnapshot(after), parseSnapshot(until)];
  if (!now || (after !== null && !known)) return undefined;
  return { after: known, ...from !== null && { from }, until: now, epoch, trimmed, rows: rows.map(([xid, model, id, fields]): ChangeRow => ({ xid, model, id, fields })) };
}

/** @returns what a client knows of the log of this epoch; undefined when that is nothing */
export function knownOf(told: unknown, epoch: string | undefined): Snapshot | undefined {
  if (!Array.isArray(told)) return undefined;
  const [ofEpoch, until] = told as readonly unknown[];
  return ofEpoch === epoch && typeof until === 'string' ? parseSnapshot(until) : undefined;
}

export function tagToWire({ model, id, fields }: Tag): WireTag {
  return [model, id ?? null, fields ?? null];
}

export function tagFromWire([model, id, fields]: WireTag): Tag {
  return { model, ...id !== null && { id }, ...fields && { fields } };
}

export function imagesToWire({ stamp, written }: CommittedImages): WireImages {
  return { stamp, written: written.map(({ model, fields, rows }) => ({ model, fields, rows: Array.from(rows, ([id, values]) => [id, values ?? null]) })) };
}

/** @param schema - by whose names they were written */
export function imagesFromWire({ stamp, written }: WireImages, schema: Schema): CommittedImages {
  return { schema, stamp, written: written.map(({ model, fields, rows }): WrittenRows => ({ model, fields, rows: new Map(rows.map(([id, values]) => [id, values ?? undefined])) })) };
}
