/**
 * Whether keys fit a pattern: `*` stands for any characters, also none; everything else for itself.
 *
 * @example keyPattern('res.partner:*')('res.partner:7') // true
 */
export function keyPattern(pattern: string): (key: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (key) => key === pattern;
  return (key) => {
    if (!key.startsWith(first) || !key.endsWith(last) || key.length < first.length + last.length) return false;
    // Each part as early as it can be: what is left for those after it is then the most there can be.
    let at = first.length;
    for (const part of rest) {
      const found = key.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= key.length - last.length;
  };
}
