import { format } from './format';
import type { CaseResult } from './run-case';
import { describeTarget } from './verdict';

/** The lines of the table: a head, then a row per case as it is done. */
export class Table {
  readonly #nameWidth: number;

  constructor(caseNames: readonly string[]) {
    this.#nameWidth = Math.max(4, ...caseNames.map((name) => name.length));
  }

  head(): string {
    return this.#line('case', 'ratio', 'target', 'ok');
  }

  row({ name, figure, unit, target, verdict }: CaseResult): string {
    const shown = figure === undefined
      ? '-'
      : `${format(figure.median)}${unit === 'ratio' ? '' : ` ${unit}`} (${format(figure.min)}–${format(figure.max)})`;
    return this.#line(name, shown, describeTarget(target), verdict);
  }

  #line(name: string, ratio: string, target: string, ok: string): string {
    return `${name.padEnd(this.#nameWidth)} | ${ratio.padEnd(24)} | ${target.padEnd(7)} | ${ok}`;
  }
}
