import { format } from './format';
import type { CaseResult, ResultRow } from './run-case';
import { describeTarget, judge } from './verdict';

/** The lines of the table: a head, then a row per case as it is done. */
export class Table {
  readonly #nameWidth: number;

  constructor(caseNames: readonly string[]) {
    this.#nameWidth = Math.max(4, ...caseNames.map((name) => name.length));
  }

  head(): string {
    return this.#line('case', 'ratio', 'target', 'ok');
  }

  /** The line of a case, and below it those of what belongs to it. */
  row(result: CaseResult): string {
    const { rows, verdict, ...first } = result;
    // The case is as good as the worst of its rows; its first line says how good that is.
    const own = rows.length === 0 || first.error !== undefined ? verdict : judge(first.figure?.median ?? NaN, first.target);
    return [this.#row({ ...first, verdict: own }), ...rows.map((row) => this.#row({ ...row, name: `  ${row.name}` }))].join('\n');
  }

  #row({ name, figure, unit, target, verdict }: ResultRow): string {
    const shown = figure === undefined
      ? '-'
      : `${format(figure.median)}${unit === 'ratio' ? '' : ` ${unit}`} (${format(figure.min)}–${format(figure.max)})`;
    return this.#line(name, shown, describeTarget(target), verdict);
  }

  #line(name: string, ratio: string, target: string, ok: string): string {
    return `${name.padEnd(this.#nameWidth)} | ${ratio.padEnd(24)} | ${target.padEnd(7)} | ${ok}`;
  }
}
