import { createHash, randomBytes } from 'node:crypto';

/*
 * A mark is eight random bytes on the cache server that say which entries hold: those written under it. Whoever writes another one makes
 * all of them misses at once, in every process, however many there are. Each cache has one, and each tag.
 *
 * The cache's own carries beside it the run of the server under which it was made: a server that has been restarted, restored or replaced
 * may hold marks of long ago beside entries of long ago, and its old marks do not count.
 */

const HALF_BYTES = 8;

export function newMark(): string {
  return randomBytes(HALF_BYTES).toString('latin1');
}

/** The cache's mark as it stands on the server. */
export function markBytes(mark: string, run: string): Buffer {
  return Buffer.concat([runBytes(run), Buffer.from(mark, 'latin1')]);
}

/** @returns the mark, or undefined when it is none or was made under another run */
export function markUnder(bytes: Uint8Array | undefined, run: string): string | undefined {
  if (bytes?.byteLength !== 2 * HALF_BYTES || Buffer.compare(bytes.subarray(0, HALF_BYTES), runBytes(run)) !== 0) return undefined;
  return Buffer.from(bytes.subarray(HALF_BYTES)).toString('latin1');
}

let known = { run: '', bytes: digested('') };

/** Digested: a run may be a text of any length. It seldom changes. */
function runBytes(run: string): Buffer {
  if (known.run !== run) known = { run, bytes: digested(run) };
  return known.bytes;
}

function digested(run: string): Buffer {
  return createHash('sha256').update(run).digest().subarray(0, HALF_BYTES);
}
