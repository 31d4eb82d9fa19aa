/** Takes the meaning from `%`, `_` and the backslash, so that a pattern matches exactly this text. */
export function escapePattern(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

/**
 * The matcher of a LIKE pattern: `%` any text, `_` one character (a code point), a backslash takes the next character as it is.
 *
 * @param foldsCase - letters that differ by case only are the same
 */
export function likeMatcher(pattern: string, foldsCase: boolean): (text: string) => boolean {
  const parts: (string | typeof ANY | typeof ONE)[] = [];
  const characters = Array.from(foldsCase ? foldCase(pattern) : pattern);
  for (let n = 0; n < characters.length; n++) {
    const character = characters[n] ?? '';
    parts.push(character === '%' ? ANY : character === '_' ? ONE : character === '\\' ? (characters[n += 1] ?? '') : character);
  }
  return (text) => matches(parts, Array.from(foldsCase ? foldCase(text) : text));
}

const ANY = Symbol('%');
const ONE = Symbol('_');

/** No regular expression: a pattern may be longer than those may be, and would have to be kept from meaning anything to them. */
function matches(parts: readonly (string | typeof ANY | typeof ONE)[], characters: readonly string[]): boolean {
  let [part, at] = [0, 0];
  // Behind the last `%`, which can always take one character more: earlier ones need not be looked at again.
  let [again, from] = [-1, 0];
  while (at < characters.length) {
    const wanted = parts[part];
    if (wanted === ANY) {
      part += 1;
      [again, from] = [part, at];
    } else if (wanted !== undefined && (wanted === ONE || wanted === characters[at])) {
      part += 1;
      at += 1;
    } else if (again >= 0) {
      from += 1;
      [part, at] = [again, from];
    } else return false;
  }
  return parts.slice(part).every((rest) => rest === ANY);
}

/** Lower case character by character, as PostgreSQL's `pg_c_utf8` does: no letter becomes two. */
export function foldCase(text: string): string {
  let folded = '';
  for (const character of text) {
    // The one letter whose full lower case is two: its simple one is a plain i.
    folded += character === 'İ' ? 'i' : character.toLowerCase();
  }
  return folded;
}
