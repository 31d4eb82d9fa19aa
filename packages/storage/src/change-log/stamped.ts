import { parseSnapshot, type EntryStamp } from '@ormolu/kernel';
import type { RowsStatement } from '../statements/records';
import type { SessionLog } from './session-log';

/** Rows by column, and the stamp of the answer when it may be kept. */
export interface StampedRows {
  readonly columns: readonly unknown[][];
  readonly stamp?: EntryStamp | undefined;
}

/**
 * Lets a statement answer the snapshot it was read under, where each statement has its own: also when it finds no row.
 *
 * The order of its rows stays: they are joined, one after the other, to the single row with the snapshot.
 */
export function stampedStatement(statement: RowsStatement): RowsStatement & { read(columns: readonly unknown[][], log: SessionLog): StampedRows } {
  return {
    ...statement,
    text: `select f.s, f.x, q.* from (select pg_current_snapshot()::text as s, pg_current_xact_id_if_assigned() is null as x) f left join lateral (select true as t, a.* from (${statement.text}) a) q on true`,
    types: ['text', 'bool', 'bool', ...statement.types],
    read: ([snapshots = [], frees = [], there = [], ...columns], log) => {
      const snapshot = typeof snapshots[0] === 'string' && frees[0] === true ? parseSnapshot(snapshots[0]) : undefined;
      return { columns: there[0] === null ? columns.map(() => []) : columns, stamp: snapshot && log.stamp(snapshot) };
    },
  };
}
