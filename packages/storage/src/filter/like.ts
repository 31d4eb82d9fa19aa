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
  const characters = Array.from(foldsCase ? foldCase(pattern) : pattern);
  let source = '';
  for (let n = 0; n < characters.length; n++) {
    const character = characters[n] ?? '';
    if (character === '%') source += '[^]*';
    else if (character === '_') source += '[^]';
    else if (character === '\\') source += literally(characters[n += 1] ?? '');
    else source += literally(character);
  }
  const expression = new RegExp(`^${source}$`, 'u');
  return (text) => expression.test(foldsCase ? foldCase(text) : text);
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

function literally(character: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
