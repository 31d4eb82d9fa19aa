/** The type of a value for a message: never the value. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : Number.isFinite(value) ? 'a number with a fraction' : 'a number that is not finite';
  if (typeof value !== 'object') return `a ${typeof value}`;
  // The prototype's constructor, because an own property of that name is a value like any other.
  const { name } = (Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null)?.constructor ?? {};
  return typeof name === 'string' && name !== 'Object' ? `a ${name}` : 'an object';
}
