import type { EntryStamp } from '@ormolu/kernel';

/** How long one of another test is waited for, and how long it is hoped that there is none. */
const MOST_LOOKS = 800;
const LOOKS_ALONE = 40;
const BETWEEN_LOOKS_MS = 50;

/**
 * A stamp that counts for what it is. Of what a transaction does that is older than the log, or than the last change of how tables hang together, the log says nothing, in whatever
 * database of the server that transaction is open: what is read beside it counts no longer once it has ended. Tests share a server. Nor does a stamp count before a process has met what was altered last.
 */
export async function stampBesideOthers<S extends EntryStamp | undefined>(stampNow: () => Promise<S>, judged: (stamp: S) => Promise<unknown>): Promise<S> {
  for (let looks = 1; ; looks += 1) {
    const stamp = await stampNow();
    const isAlone = looks > LOOKS_ALONE || stamp?.snapshot.inProgress.length === 0;
    if ((isAlone && !['trimmed', 'no sight'].includes(String(await judged(stamp)))) || looks === MOST_LOOKS) return stamp;
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
  }
}
