import type { EntryStamp } from '@ormolu/kernel';
import type { QueryTag } from './query-tags';

/** An answer, and what decides whether it holds for a reader. */
export interface CommandEntry {
  readonly stamp: EntryStamp;
  readonly tags: readonly QueryTag[];
  /** Ids in their order, a number, or groups: what the key asks for. Never changed. */
  readonly answer: unknown;
  /** When the database was asked, in milliseconds of the rung's clock. */
  readonly askedAtMs: number;
  /** It serves nobody for longer than this after it was asked; 0: for ever. */
  readonly ttlMs?: number | undefined;
  /** Of an entry whose key was given to it: what was asked, by whom it matters. */
  readonly digest?: string | undefined;
}

/** What keeping an answer takes and gives. */
export interface AnswerCost {
  /** How long the database took. */
  readonly ms: number;
  /** How many records or groups it holds. */
  readonly results: number;
}

/**
 * Where answers to questions are kept: the command cache of a process, a named cache in memory or on a server.
 *
 * It may lose entries, or give old ones: whoever asks judges each by its stamp. It never fails: what cannot be had is not there.
 */
export interface QueryCache {
  /** The entry under a key, if it has one. */
  get(key: string): CommandEntry | undefined | Promise<CommandEntry | undefined>;
  /** Keeps an answer, in the place of the one that is there unless that one knows more, if it is worth keeping. */
  put(key: string, entry: CommandEntry, cost: AnswerCost): unknown;
}
