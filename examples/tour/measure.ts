import type { TourStep } from './report';
import type { World } from './load-world';

/**
 * Does one thing and says what it took: time, the statements that the database saw, and the rungs that answered.
 *
 * @param work - returns the lines to show
 */
export async function measured(db: World, { name, asked }: Pick<TourStep, 'name' | 'asked'>, work: () => Promise<readonly string[]>): Promise<TourStep> {
  const before = db.stats();
  const begun = performance.now();
  const found = await work();
  const ms = performance.now() - begun;
  const after = db.stats();
  const answeredBy = after.rungs.map(({ rung, hits }, place) => `${rung} ${(hits - (before.rungs[place]?.hits ?? 0)).toLocaleString('en-US')}`).join(', ');
  return { name, asked, ms, statements: after.statements - before.statements, answeredBy: `${answeredBy} (records)`, found };
}
