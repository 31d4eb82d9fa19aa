import { channel, type Channel } from 'node:diagnostics_channel';

/** A statement went to the database and came back. */
export interface StatementEvent {
  readonly storage: string;
  /** The text sent; parameters stay apart and are never published. */
  readonly text: string;
  readonly rows: number;
  readonly ms: number;
}

/** A rung answered a batch. */
export interface AnswerEvent {
  readonly rung: string;
  readonly model: string;
  readonly fields: readonly string[];
  readonly records: number;
}

/**
 * The named diagnostics channels. Publishing costs one property read when nobody listens: guard with `hasSubscribers` before
 * building an event.
 * @see node:diagnostics_channel
 */
export const channels: { readonly statement: Channel; readonly answer: Channel } = {
  /** Publishes {@link StatementEvent}. */
  statement: channel('ormolu:statement'),
  /** Publishes {@link AnswerEvent}. */
  answer: channel('ormolu:answer'),
};
