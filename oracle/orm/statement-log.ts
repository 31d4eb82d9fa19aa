import type { StatementEvent } from '@ormolu/kernel';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const CHANNEL = 'ormolu:statement';

export const COUNTED = ['INSERT', 'UPDATE', 'DELETE', 'SELECT'] as const;

/** How many statements of each kind. */
export type StatementCounts = Readonly<Record<(typeof COUNTED)[number], number>>;

/** Listens to the statements that reach the database and counts those on the tables of a recording. */
export class StatementLog {
  readonly #tables: ReadonlySet<string>;
  #counts = noStatements();
  #isPaused = false;

  constructor(tables: Iterable<string>) {
    this.#tables = new Set(tables);
  }

  /** Counts until the work has ended. */
  async listening<T>(work: () => Promise<T>): Promise<T> {
    const listen = (event: unknown): void => {
      if (!this.#isPaused) this.#note((event as StatementEvent).text); // the channel publishes nothing else
    };
    subscribe(CHANNEL, listen);
    try {
      return await work();
    } finally {
      unsubscribe(CHANNEL, listen);
    }
  }

  /** Does what a recording does not count: looking at the database, and changing it behind the engine's back. */
  async unheard<T>(work: () => Promise<T>): Promise<T> {
    this.#isPaused = true;
    try {
      return await work();
    } finally {
      this.#isPaused = false;
    }
  }

  /** The counts since the last time. */
  take(): StatementCounts {
    const counts = this.#counts;
    this.#counts = noStatements();
    return counts;
  }

  #note(text: string): void {
    const { changing, changed, asked } = STATEMENT.exec(text)?.groups ?? {};
    const table = changed ?? asked;
    const kind = changing === undefined ? 'SELECT' : COUNTED.find((one) => changing.toUpperCase().startsWith(one));
    if (kind !== undefined && table !== undefined && this.#tables.has(table)) this.#counts = { ...this.#counts, [kind]: this.#counts[kind] + 1 };
  }
}

/** What a statement changes, or the first table that it asks. */
const STATEMENT = /^\s*(?:(?<changing>insert\s+into|update|delete\s+from)\s+"?(?<changed>[\w$]+)|(?:select|with)\b[^]*?\bfrom\s+"?(?<asked>[\w$]+))/i;

export function noStatements(): StatementCounts {
  return { INSERT: 0, UPDATE: 0, DELETE: 0, SELECT: 0 };
}

export function plus(a: StatementCounts, b: StatementCounts): StatementCounts {
  return { INSERT: a.INSERT + b.INSERT, UPDATE: a.UPDATE + b.UPDATE, DELETE: a.DELETE + b.DELETE, SELECT: a.SELECT + b.SELECT };
}
