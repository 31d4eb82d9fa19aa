/** How long one of another test is waited for. */
const MOST_LOOKS = 200;
const BETWEEN_LOOKS_MS = 50;

/**
 * A stamp that counts for what it is: of what a transaction does that is older than the log, or than the last signal of altered tables, the log says
 * nothing, in whatever database of the server that transaction is open. Tests share one.
 */
export async function stampBesideOthers<S>(stampNow: () => Promise<S>, judged: (stamp: S) => Promise<unknown>): Promise<S> {
  for (let looks = 1; ; looks += 1) {
    const stamp = await stampNow();
    if ((await judged(stamp)) !== 'trimmed' || looks === MOST_LOOKS) return stamp;
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
  }
}
