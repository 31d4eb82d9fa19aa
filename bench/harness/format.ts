/** Three significant digits, and never an exponent where a person would write none. */
export function format(figure: number): string {
  if (!Number.isFinite(figure)) return String(figure);
  const rounded = Number(figure.toPrecision(3));
  return Math.abs(rounded) >= 1_000 ? rounded.toLocaleString('en-US') : String(rounded);
}
