/** Rows after which looking begins: fewer are not worth a table. */
const FROM_ROW = 64;
/** Places of the table, a power of two. */
const PLACES = 4096;
/** Longer texts are seldom repeated, and dear to compare. */
const LONGEST = 32;
/** From so many texts on, one in `WORTHWHILE` must have been found, or looking ends. */
const LOOKS = 8192;
const WORTHWHILE = 4;

/**
 * The texts of one column, out of their bytes. Columns repeat themselves: of codes and names of states, a hundred thousand rows keep some
 * hundred strings, which is less memory and less time than one string a row.
 */
export class TextColumn {
  #known: (string | undefined)[] = [];
  #rows = 0;
  #found = 0;
  #isLooking = true;

  read(bytes: Buffer, start: number, end: number): string {
    if (!this.#isLooking || end - start > LONGEST) return bytes.toString('utf8', start, end);
    this.#rows += 1;
    if (this.#rows === FROM_ROW) this.#known = new Array<string | undefined>(PLACES).fill(undefined);
    return this.#rows < FROM_ROW ? bytes.toString('utf8', start, end) : this.#look(bytes, start, end);
  }

  #look(bytes: Buffer, start: number, end: number): string {
    const known = this.#known;
    const length = end - start;
    let hash = length;
    for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0; // inside the message
    const place = (hash ^ (hash >>> 13)) & (PLACES - 1);
    const text = known[place];
    if (text?.length === length && isSpelt(text, bytes, start)) {
      this.#found += 1;
      return text;
    }
    if (this.#rows >= LOOKS && this.#found * WORTHWHILE < this.#rows) this.#stop();
    const fresh = bytes.toString('utf8', start, end);
    // As many characters as bytes: they are ASCII, and can be compared with bytes.
    if (fresh.length === length) known[place] = fresh;
    return fresh;
  }

  #stop(): void {
    this.#isLooking = false;
    this.#known = [];
  }
}

/** Whether bytes are those of an ASCII text, as many as it has characters. */
function isSpelt(text: string, bytes: Buffer, start: number): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) !== bytes[start + at]) return false;
  return true;
}
