import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const TRIES = 5;
const READY_MS = 20_000;

/**
 * Starts a server on a free loopback port and waits until it answers.
 *
 * Between our finding the port free and the server taking it another process may be faster, so a server that ends early is tried again.
 * @param {string} name - for messages
 * @param {(port: number) => ReturnType<typeof import('./leash.mjs').onLeash>} start
 * @param {{ send: Buffer | string, expect: string }} question - what to send, and how the answer of a ready server begins
 * @returns {Promise<number>} the port
 */
export async function startOnFreePort(name, start, { send, expect }) {
  let last = '';
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = await freePort();
    const server = start(port);
    let ended = false;
    void server.ended.then(() => { ended = true; });
    const deadline = Date.now() + READY_MS;
    while (!ended && Date.now() < deadline) {
      if ((await ask(port, send)).startsWith(expect)) return port;
      await sleep(10);
    }
    last = server.log();
    if (!ended) {
      server.release();
      throw new Error(`${name} did not answer within ${READY_MS / 1000} s. ${last}`);
    }
  }
  throw new Error(`${name} ended ${TRIES} times right after its start. ${last}`);
}

const freePort = () => new Promise((resolve, reject) => {
  const probe = net.createServer();
  probe.on('error', reject);
  probe.listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});

/** The first bytes of the answer; none when there is no answer within half a second. */
const ask = (port, send) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1', () => socket.write(send));
  const answer = (text) => {
    resolve(text);
    socket.destroy();
  };
  socket.on('data', (bytes) => answer(bytes.toString('latin1')));
  socket.on('error', () => answer(''));
  socket.on('close', () => answer(''));
  socket.setTimeout(500, () => answer(''));
});
