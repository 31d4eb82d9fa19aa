/** What `toPlainForm` leaves to MessagePack beside its own types: bigints beyond 64 bits, dates, undefined, bytes. */
const EXTENSIONS: ReadonlySet<number> = new Set([0x42, 0xff, 0x00, 0x74]);

/**
 * Whether bytes are MessagePack of data alone, whole and nothing behind it.
 *
 * A reader of MessagePack knows extensions that make more than data: readers compiled for records, regular expressions, errors. What comes from a
 * cache server may be anything, so that it is looked through first.
 * @remarks Linear in the number of values; no value is made.
 */
export function isPlainMessagePack(bytes: Uint8Array): boolean {
  let at = 0;
  /** Values that are still to come. */
  let left = 1;
  while (left > 0) {
    if (at >= bytes.length) return false;
    const head = bytes[at] ?? 0;
    at += 1;
    left -= 1;
    if (head < 0x80 || head >= 0xe0) continue;
    if (head < 0x90) left += 2 * (head & 0x0f);
    else if (head < 0xa0) left += head & 0x0f;
    else if (head < 0xc0) at += head & 0x1f;
    else if (head === 0xc1) return false;
    else {
      const { sized, fixed, isExtension, each } = FORMS[head - 0xc0] ?? NOTHING;
      const count = lengthAt(bytes, at, sized);
      at += sized;
      if (isExtension) {
        if (!EXTENSIONS.has(bytes[at] ?? 1)) return false;
        at += 1;
      }
      if (each > 0) left += each * count;
      else at += sized > 0 ? count : fixed;
    }
  }
  return at === bytes.length;
}

/** What stands behind a byte from 0xc0 to 0xdf: a length of so many bytes or a value of a fixed one, or values for each of its length. */
interface Form {
  readonly sized: number;
  readonly fixed: number;
  readonly isExtension: boolean;
  readonly each: number;
}

const NOTHING: Form = { sized: 0, fixed: 0, isExtension: false, each: 0 };
const fixed = (bytes: number): Form => ({ ...NOTHING, fixed: bytes });
const sized = (bytes: number): Form => ({ ...NOTHING, sized: bytes });
const extension = (form: Form): Form => ({ ...form, isExtension: true });
const holding = (bytes: number, each: number): Form => ({ ...NOTHING, sized: bytes, each });

/** In the order of the specification, from nil at 0xc0 to map 32 at 0xdf. */
const FORMS: readonly Form[] = [
  NOTHING, NOTHING, NOTHING, NOTHING, sized(1), sized(2), sized(4), extension(sized(1)), extension(sized(2)), extension(sized(4)), fixed(4), fixed(8),
  fixed(1), fixed(2), fixed(4), fixed(8), fixed(1), fixed(2), fixed(4), fixed(8),
  extension(fixed(1)), extension(fixed(2)), extension(fixed(4)), extension(fixed(8)), extension(fixed(16)),
  sized(1), sized(2), sized(4), holding(2, 1), holding(4, 1), holding(2, 2), holding(4, 2),
];

function lengthAt(bytes: Uint8Array, at: number, size: number): number {
  let length = 0;
  for (let place = at; place < at + size; place += 1) length = length * 256 + (bytes[place] ?? 0);
  return length;
}
