import { types } from 'node:util';

type FieldBytes = (fields: readonly string[]) => number;

/**
 * What a value takes in memory, roughly, and rather too much than too little: enough to keep a cache within its bounds, whatever it is made of:
 * of a view, the whole buffer it keeps alive. Small ones of Node share a slab, which the first of them that is met is counted with.
 *
 * @param fieldBytes - what the fields of an object take, their values apart. @defaultValue as if other objects had the same: the same estimate each time, slabs aside
 */
export function estimatedBytes(value: unknown, fieldBytes: FieldBytes = commonFieldBytes): number {
  let bytes = 0;
  const seen = new Set<object>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one === 'string') bytes += textBytes(one);
    else if (typeof one === 'bigint') bytes += bigintBytes(one);
    // A whole number takes no more than its slot, of which arrays that grew have up to half as many again, and short ones more.
    else if (typeof one === 'number') bytes += one === (one | 0) ? 8 : 16;
    else if (typeof one !== 'object' || one === null) bytes += 8;
    else if (!seen.has(one)) {
      seen.add(one);
      bytes += sizeOfObject(one, open, fieldBytes);
    }
  }
  return bytes;
}

function textBytes({ length }: string): number {
  return 24 + 2 * length;
}

/** A header, and a word for every 64 bits; in whole bytes, as stores take them. */
function bigintBytes(one: bigint): number {
  return one === BigInt.asIntN(64, one) ? 24 : 32 + Math.ceil(one.toString(16).length / 2);
}

/** The object itself; what it holds is added to what is still open. */
function sizeOfObject(one: object, open: unknown[], fieldBytes: FieldBytes): number {
  if (ArrayBuffer.isView(one)) return sizeOfView(one, open);
  if (one instanceof Date) return 120;
  if (types.isAnyArrayBuffer(one)) return BUFFER_BYTES + one.byteLength;
  if (one instanceof Map) {
    for (const pair of one) open.push(...pair);
    return 160 + 48 * one.size;
  }
  if (one instanceof Set) {
    for (const each of one) open.push(each);
    return 160 + 32 * one.size;
  }
  if (Array.isArray(one)) {
    for (const each of one) open.push(each);
    return 48 + 8 * one.length;
  }
  const fields = Object.keys(one);
  for (const each of Object.values(one)) open.push(each);
  return 32 + fieldBytes(fields);
}

const VIEW_BYTES = 96;
/** A buffer has a header on either side. */
const BUFFER_BYTES = 128;
/** Those that are paid for. */
const slabs = new WeakSet<object>();

function sizeOfView({ buffer, byteLength }: ArrayBufferView, open: unknown[]): number {
  if (byteLength === buffer.byteLength || buffer.byteLength > Buffer.poolSize) {
    // Several views of one value may have the same.
    open.push(buffer);
    return VIEW_BYTES;
  }
  const isPaid = slabs.has(buffer);
  slabs.add(buffer);
  return VIEW_BYTES + BUFFER_BYTES + (isPaid ? byteLength : buffer.byteLength);
}

/** Objects of up to so many fields share the list of their fields; each of those with more has a table of its own. */
const MOST_SHARED_FIELDS = 12;
/** So many characters of lists of fields are remembered: what is taken for shared, while nobody else has it any more, is not much. */
const MOST_REMEMBERED = 32_768;
/** After so many different lists, the engine may give up the sharing, also for objects to come. V8 does after 1,536 that differ in their first field. */
const CROWDED = 1_000;

/** Lists of fields met lately. One for all caches, as the engine has one for all objects. */
const lists = new Set<string>();
let remembered = 0;
let met = 0;

function commonFieldBytes({ length }: readonly string[]): number {
  return length > MOST_SHARED_FIELDS ? tableBytes(length) : 8 * length;
}

/** What the fields of an object take that may be the only one with such fields: more when none like it was met lately, so that the same is not always estimated the same. */
export function variedFieldBytes(fields: readonly string[]): number {
  if (fields.length === 0) return 0;
  const list = fields.join('\0');
  if (!lists.has(list)) {
    remember(list);
    // The keys themselves, and a description of each, or what leads the engine from one to the next.
    return 160 + 120 * fields.length + keyBytes(fields);
  }
  return met > CROWDED || fields.length > MOST_SHARED_FIELDS ? tableBytes(fields.length) : 8 * fields.length;
}

function remember(list: string): void {
  met += 1;
  remembered += list.length;
  if (remembered > MOST_REMEMBERED) {
    lists.clear();
    remembered = list.length;
  }
  if (list.length <= MOST_REMEMBERED) lists.add(list);
}

function keyBytes(fields: readonly string[]): number {
  return fields.reduce((bytes, { length }) => bytes + 24 + 2 * length, 0);
}

/** A hash table of three words an entry, its room a power of two and at least half as large again. */
function tableBytes(entries: number): number {
  return 80 + 24 * 2 ** Math.ceil(Math.log2(1.5 * entries));
}
