const VARIABLE = 'ORMOLU_LAW_RUNS';
/** The runs of an ordinary law, which are also fast-check's own. */
const ORDINARY_RUNS = 100;

/**
 * How often a law is tried: `fc.assert(property, { numRuns: lawRuns(200) })`.
 *
 * `ORMOLU_LAW_RUNS=n` makes an ordinary law run n times instead of 100, and every other law in proportion, so that one number turns up a
 * night's run and turns down a quick look. At least once.
 * @param usual - runs that fit the daily `npm test`: 100 for an ordinary law, fewer for a dear one
 */
export function lawRuns(usual: number = ORDINARY_RUNS): number {
  const text = process.env[VARIABLE];
  if (text === undefined || text === '') return Math.max(1, Math.round(usual));
  const runs = Number(text);
  if (!(runs > 0) || !Number.isFinite(runs)) throw new RangeError(`${VARIABLE} is '${text}'; give a positive number: an ordinary law runs so often, ${ORDINARY_RUNS} when it is not set.`);
  return Math.max(1, Math.round((usual * runs) / ORDINARY_RUNS));
}
