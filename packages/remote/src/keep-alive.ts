import type { WebSocket } from 'ws';

/** What carries the frames of a connection. */
export interface Transport {
  readonly bytesRead: number;
  /** What has been written, what waits to be sent included. */
  readonly bytesWritten: number;
  /** What waits to be sent. */
  readonly writableLength: number;
  /** Has the system ask, by packets of its own, whether the other end is there. */
  setKeepAlive(isOn: boolean, everyMs: number): unknown;
}

/** Bytes that have gone: more of them are a sign that the other side takes them, whatever has joined the queue meanwhile. */
export function leftOf({ bytesWritten, writableLength }: Transport): number {
  return bytesWritten - writableLength;
}

/**
 * Makes sure, now and then, that the other side is there: who has said nothing since the last time, not even to a ping, is left. A long message says nothing before its end, and
 * holds up pings and pongs: what has come of it, or gone, is as good a sign. A process that was busy, or stopped, hears first what has come meanwhile: its timers ring before its sockets are read.
 */
export function keepAlive(socket: WebSocket, everyMs: number, transport: Transport): void {
  // One that is not listened to answers no ping of ours; the system asks for itself whether it is there.
  transport.setKeepAlive(true, everyMs);
  let isAlive = true;
  let [read, left, hasQueue] = [0, 0, false];
  for (const sign of ['message', 'ping', 'pong'] as const) socket.on(sign, () => { isAlive = true; });
  const look = (): void => {
    if (!isAlive && transport.bytesRead === read && !(hasQueue && leftOf(transport) > left)) {
      socket.terminate();
      return;
    }
    // One that is not listened to cannot be heard, until it has been for a while.
    isAlive = socket.isPaused;
    // Before the ping, which leaves for a network that nobody listens to as well.
    [read, left, hasQueue] = [transport.bytesRead, leftOf(transport), transport.writableLength > 0];
    socket.ping(() => undefined);
  };
  const timer = setInterval(() => { setImmediate(look); }, everyMs).unref();
  socket.once('close', () => { clearInterval(timer); });
}
