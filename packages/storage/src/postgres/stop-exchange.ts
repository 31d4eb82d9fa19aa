import type { PoolClient, PoolConfig } from 'pg';
import { requestCancel, streamOf } from './cancel-request';
import type { RawExchange } from './raw-exchange';

const { setTimeout, clearTimeout } = globalThis;

/** How long a statement may take to end once the server has been asked, before it is asked again: the first request may have come before the statement. */
const PAUSES_MS = [20, 50, 100, 250, 500, 1_000];

/**
 * Ends what is exchanged on a connection and nobody wants any more. A connection on which that cannot be done, or on which a request may still meet what comes next, is broken.
 *
 * @returns once the exchange is over, and nothing of this can meet another
 */
export async function stopExchange(client: PoolClient, exchange: RawExchange, options: Pick<PoolConfig, 'stream'>): Promise<void> {
  for (const pause of PAUSES_MS) {
    // Not while it still waits to be sent: what runs then is somebody else's.
    const outcome = exchange.isSent ? await requestCancel(client, options) : 'unasked';
    if (outcome === 'unclear') break;
    await within(pause, exchange.done);
    if (exchange.isOver) return;
  }
  streamOf(client).destroy();
  await exchange.done.catch(() => undefined);
}

/** Waits for work, however it ends, and no longer than that. */
function within(ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(patience);
      resolve();
    };
    const patience = setTimeout(end, ms);
    work.then(end, end);
  });
}
