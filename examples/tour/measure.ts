import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { channels, type StatementEvent } from 'ormolu';
import type { World } from './load-world';
import type { Found, TourStep } from './report';

/**
 * Does one thing and says what it took: time, the statements that the database saw, and the rungs that answered.
 *
 * @param work - returns what to show
 */
export async function measured(db: World, { name, asked }: Pick<TourStep, 'name' | 'asked'>, work: () => Promise<Found>): Promise<TourStep> {
  const before = db.stats();
  const begun = performance.now();
  const { found, figures = {} } = await work();
  const ms = performance.now() - begun;
  const after = db.stats();
  const answeredBy = after.rungs.map(({ rung, hits }, place) => `${rung} ${(hits - (before.rungs[place]?.hits ?? 0)).toLocaleString('en-US')}`).join(', ');
  return { name, asked, ms, statements: after.statements - before.statements, answeredBy: `${answeredBy} (records)`, found, figures };
}

/** Statements that the database saw, by kind. */
export interface Seen {
  readonly statements: number;
  readonly selects: number;
  readonly updates: number;
  /** The tables that were updated, each once. */
  readonly updatedTables: number;
}

/** Counts the statements that the database sees while some work runs, by listening on the public channel. */
export async function seen(work: () => Promise<unknown>): Promise<Seen> {
  const texts: string[] = [];
  // The channel publishes these and nothing else.
  const listen = (event: unknown): void => void texts.push((event as StatementEvent).text);
  subscribe(channels.statement.name, listen);
  try {
    await work();
  } finally {
    unsubscribe(channels.statement.name, listen);
  }
  const updates = texts.flatMap((text) => /\bupdate\s+("?[\w.]+"?)/i.exec(text)?.slice(1) ?? []);
  return { statements: texts.length, selects: texts.filter((text) => /^\s*select\b/i.test(text)).length, updates: updates.length, updatedTables: new Set(updates).size };
}
