import type { WebSocket } from 'ws';

/** Of a message, at once: small enough that what is left of it says how it goes on. */
const MOST_AT_ONCE = 64 * 2 ** 10;

/** Sends a message, a large one in parts: as one it would count as not sent until its last byte is, and nobody could tell a slow way from one that has ended. */
export function sendMessage(socket: WebSocket, bytes: Uint8Array, onSent?: () => void): void {
  for (let from = 0; from === 0 || from < bytes.length; from += MOST_AT_ONCE) {
    const isLast = from + MOST_AT_ONCE >= bytes.length;
    socket.send(isLast && from === 0 ? bytes : bytes.subarray(from, from + MOST_AT_ONCE), { binary: true, fin: isLast }, isLast ? onSent : undefined);
  }
}
