/** Several measurements of one thing, as one says them. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The middle of a list, the mean of the two middle ones when their number is even. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median: of no values there is none.');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

export function summarise(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * The ratio of two sides that took turns: round by round, so that what slowed the machine for a while slowed both.
 * @param over - divided by the other, pairwise; both as long
 */
export function ratioByRound(over: readonly number[], under: readonly number[]): Summary {
  if (over.length !== under.length) throw new RangeError(`ratioByRound: ${over.length} rounds against ${under.length}.`);
  return summarise(over.map((value, round) => value / (under[round] ?? NaN)));
}
