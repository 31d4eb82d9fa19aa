import type { Target } from './bench';
import { format } from './format';

/** `-` where no target was set; `short` of an aim, `SHORT` of what must be. */
export type Verdict = 'ok' | 'short' | 'SHORT' | 'ERROR' | '-';

/** Whether a figure reaches its target; one that is no number (a side that took no time at all) never does. */
export function judge(figure: number, target: Target | undefined): Verdict {
  if (target === undefined) return '-';
  const reached = 'atMost' in target ? figure <= target.atMost : figure >= target.atLeast;
  if (reached) return 'ok';
  return target.isAim === true ? 'short' : 'SHORT';
}

const FROM_GOOD_TO_BAD: readonly Verdict[] = ['-', 'ok', 'short', 'SHORT', 'ERROR'];

export function worstOf(verdicts: readonly Verdict[]): Verdict {
  return FROM_GOOD_TO_BAD[Math.max(0, ...verdicts.map((verdict) => FROM_GOOD_TO_BAD.indexOf(verdict)))] ?? '-';
}

/** A case that broke always fails the run; one that is short does so only under `--strict`. */
export function exitCodeOf(verdicts: readonly Verdict[], { strict }: { readonly strict: boolean }): 0 | 1 {
  return verdicts.some((verdict) => verdict === 'ERROR' || (strict && verdict === 'SHORT')) ? 1 : 0;
}

export function describeTarget(target: Target | undefined): string {
  if (target === undefined) return '-';
  return 'atMost' in target ? `≤ ${format(target.atMost)}` : `≥ ${format(target.atLeast)}`;
}
