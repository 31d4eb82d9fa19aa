import type { Rung, Session } from '@ormolu/kernel';
import type { Registry } from '@ormolu/registry';
import type { Actors } from './environment/actors';

/** What a transaction works with. */
export interface TransactionOptions extends Actors {
  /** The version of the models it begins with. */
  readonly registry: Registry;
  /** Gives the version that `reset` takes. @defaultValue the one it begins with */
  readonly newestRegistry?: (() => Registry) | undefined;
  /** The open database transaction; this unit of work owns it from now on. */
  readonly session: Session;
  /** The rung below: what this transaction does not know, it asks there. */
  readonly rung: Rung;
  /** Called once, when the database has answered for the first time. What it throws is what was asked throws. */
  readonly metDatabase?: (() => Promise<void>) | undefined;
  /** Runs every function given to `run` twice and compares what it did. For development. @defaultValue false */
  readonly checkRuns?: boolean | undefined;
  /** Remembers where values come from and what changed them, for `explain`. For development. @defaultValue false */
  readonly explain?: boolean | undefined;
  /**
   * `'optimistic'`: updates and deletes of records of `versioned` models demand the version that was read with them.
   * @defaultValue whoever writes last is right, as far as the isolation level lets him
   */
  readonly concurrency?: 'optimistic' | undefined;
  /** The user on whose behalf it runs. @defaultValue null */
  readonly uid?: number | null | undefined;
  readonly context?: Readonly<Record<string, unknown>> | undefined;
}
