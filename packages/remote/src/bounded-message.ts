/** A value of JSON may be 500 deep, and lies in a column, statement and message, or in a filter. Shallower than a stack. */
export const DEEPEST = 600;
/** Of a message among whose values some are messages of their own, each as deep. */
const DEEPEST_IN_ALL = 2 * DEEPEST + 10;

/**
 * Looks a MessagePack message over before anybody makes room for what it says that it holds: a few bytes can promise a list of a million values that holds another such list, and
 * so on. What a message promises in all is no more than it has bytes, and nothing in it is nested deeper than a stack.
 *
 * @param nesting - the extensions whose bytes are a message in turn
 * @throws {Error} for others, and for those that are shorter than they say
 * @remarks Linear, and a small part of what reading costs.
 */
export function assertBounded(bytes: Uint8Array, nesting: ReadonlySet<number>): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.byteLength;
  // Of each value that holds others: how many are still to come, and where it ends, if it says so.
  const left = [1];
  const ends = [size];
  let promised = 1;
  let at = 0;
  for (let depth = 0; depth >= 0;) {
    if (left[depth] === 0) {
      if (ends[depth] !== -1 && ends[depth] !== at) throw new Error('a value that does not end where it says');
      depth -= 1;
      continue;
    }
    left[depth] = (left[depth] ?? 0) - 1;
    if (at >= size) throw new Error('a message that is shorter than it says');
    const head = bytes[at] ?? 0;
    at += 1;
    let values = 0;
    let end = -1;
    if (head >= 0x80 && head < 0x90) values = 2 * (head - 0x80);
    else if (head >= 0x90 && head < 0xa0) values = head - 0x90;
    else if (head >= 0xa0 && head < 0xc0) at += head - 0xa0;
    else if (head >= 0xc4 && head < 0xe0) {
      const lengthBytes = LENGTH_BYTES[head - 0xc4] ?? 0;
      // The view throws where there are none.
      const length = lengthBytes === 0 ? FIXED_BYTES[head - 0xc4] ?? 0 : lengthBytes === 1 ? view.getUint8(at) : lengthBytes === 2 ? view.getUint16(at) : view.getUint32(at);
      at += lengthBytes;
      if (head === 0xdc || head === 0xdd) values = length;
      else if (head === 0xde || head === 0xdf) values = 2 * length;
      else if ((head >= 0xc7 && head <= 0xc9) || (head >= 0xd4 && head <= 0xd8)) {
        const type = view.getInt8(at);
        at += 1;
        if (nesting.has(type)) [values, end] = [1, at + length];
        else at += length;
      } else at += length;
    }
    if (at > size) throw new Error('a message that is shorter than it says');
    if (values === 0) continue;
    promised += values;
    if (promised > size) throw new Error('a message that promises more than it has bytes');
    depth += 1;
    if (depth > DEEPEST_IN_ALL) throw new Error('a message that is nested too deep');
    left[depth] = values;
    ends[depth] = end;
  }
}

/** From bin 8 (0xc4) to map 32 (0xdf): how many bytes say how long it is … */
const LENGTH_BYTES: readonly number[] = [1, 2, 4, 1, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4];
/** … and where none does, how many follow, beside the type of an extension. */
const FIXED_BYTES: readonly number[] = [0, 0, 0, 0, 0, 0, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 16, 0, 0, 0, 0, 0, 0, 0];
