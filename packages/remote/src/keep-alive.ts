import type { WebSocket } from 'ws';

/** Makes sure, now and then, that the other side is there: who has said nothing since the last time, not even to a ping, is left. */
export function keepAlive(socket: WebSocket, everyMs: number): void {
  let isAlive = true;
  for (const sign of ['message', 'ping', 'pong'] as const) socket.on(sign, () => { isAlive = true; });
  const timer = setInterval(() => {
    if (!isAlive) {
      socket.terminate();
      return;
    }
    isAlive = false;
    socket.ping(() => undefined);
  }, everyMs).unref();
  socket.once('close', () => { clearInterval(timer); });
}
