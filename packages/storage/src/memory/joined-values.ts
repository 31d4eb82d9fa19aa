/** What is in a keyed column together with new values; no value empties it. Anything but an object is replaced. */
export function joinedValues(before: unknown, values: unknown): unknown {
  if (values === null) return null;
  return { ...(typeof before === 'object' && before !== null && !Array.isArray(before) ? before : {}), ...(values as object) }; // jsonb of a keyed column: an object
}
