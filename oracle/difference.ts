/** Whether two plain values are the same. */
export type SamePlain = (expected: unknown, actual: unknown) => boolean;

/**
 * Where two JSON values first differ, in words, or undefined when they are the same. Keys with the value `undefined` count as absent.
 *
 * @param isSame - what counts as the same value where at least one of the two is no list and no object
 */
export function firstDifference(expected: unknown, actual: unknown, path = '', isSame: SamePlain = Object.is): string | undefined {
  if (isSame(expected, actual)) return undefined;
  if (Array.isArray(expected) && Array.isArray(actual)) return inLists(expected, actual, { path, isSame });
  if (isObject(expected) && isObject(actual)) return inObjects(expected, actual, { path, isSame });
  return `${path === '' ? 'value' : path}: expected ${show(expected)}, got ${show(actual)}`;
}

interface Where {
  readonly path: string;
  readonly isSame: SamePlain;
}

function inLists(expected: readonly unknown[], actual: readonly unknown[], { path, isSame }: Where): string | undefined {
  for (const [at, value] of expected.entries()) {
    if (at >= actual.length) break;
    const difference = firstDifference(value, actual[at], `${path}[${at}]`, isSame);
    if (difference !== undefined) return difference;
  }
  return expected.length === actual.length ? undefined : `${path}: expected ${expected.length} items ${show(expected)}, got ${actual.length} ${show(actual)}`;
}

function inObjects(expected: Readonly<Record<string, unknown>>, actual: Readonly<Record<string, unknown>>, { path, isSame }: Where): string | undefined {
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const difference = firstDifference(expected[key], actual[key], path === '' ? key : `${path}.${key}`, isSame);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
