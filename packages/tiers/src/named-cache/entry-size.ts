/** What a value takes in memory, roughly: enough to keep a cache within its bounds, whatever it is made of. */
export function estimatedBytes(value: unknown): number {
  let bytes = 0;
  const seen = new Set<object>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one === 'string') bytes += 16 + 2 * one.length;
    else if (typeof one === 'bigint') bytes += 24;
    else if (typeof one !== 'object' || one === null) bytes += 8;
    else if (!seen.has(one)) {
      seen.add(one);
      bytes += sizeOfObject(one, open);
    }
  }
  return bytes;
}

/** The object itself; what it holds is added to what is still open. */
function sizeOfObject(one: object, open: unknown[]): number {
  if (ArrayBuffer.isView(one)) return 64 + one.byteLength;
  if (one instanceof Date) return 104;
  if (one instanceof ArrayBuffer) return 64 + one.byteLength;
  if (one instanceof Map) {
    for (const pair of one) open.push(...pair);
    return 64 + 16 * one.size;
  }
  if (one instanceof Set) {
    for (const each of one) open.push(each);
    return 64 + 16 * one.size;
  }
  const values: readonly unknown[] = Array.isArray(one) ? one : Object.values(one);
  for (const each of values) open.push(each);
  return 32 + 8 * values.length;
}
