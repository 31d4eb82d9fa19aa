import type { WebSocket } from 'ws';

/** What carries the frames of a connection. */
export interface Transport {
  readonly bytesRead: number;
}

/**
 * Makes sure, now and then, that the other side is there: who has said nothing since the last time, not even to a ping, is left. A long message says nothing before its end, and
 * holds up pings and pongs: what has come of it, or gone, is as good a sign. A process that was busy, or stopped, hears first what has come meanwhile: its timers ring before its sockets are read.
 */
export function keepAlive(socket: WebSocket, everyMs: number, transport?: Transport): void {
  let isAlive = true;
  let [read, unsent] = [0, 0];
  for (const sign of ['message', 'ping', 'pong'] as const) socket.on(sign, () => { isAlive = true; });
  const look = (): void => {
    const came = transport?.bytesRead ?? 0;
    if (!isAlive && came === read && socket.bufferedAmount >= unsent) {
      socket.terminate();
      return;
    }
    // One that is not listened to cannot be heard, until it has been for a while.
    isAlive = socket.isPaused;
    socket.ping(() => undefined);
    [read, unsent] = [came, socket.bufferedAmount];
  };
  const timer = setInterval(() => { setImmediate(look); }, everyMs).unref();
  socket.once('close', () => { clearInterval(timer); });
}
