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
export async function startOnFreePort(name, start, question) {
  let last = '';
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = await freePort();
    const server = start(port);
    if (await isReady({ name, server, target: { port, host: '127.0.0.1' }, question })) return port;
    last = server.log();
  }
  throw new Error(`${name} ended ${TRIES} times right after its start. ${last}`);
}

/** Waits until a server answers. Throws when it ends instead, or takes too long. */
export async function waitUntilReady({ name, server, target, question }) {
  if (!(await isReady({ name, server, target, question }))) throw new Error(`${name} ended right after its start. ${server.log()}`);
}

/** Whether somebody answers there, and as expected. */
export async function answers(target, { send, expect }) {
  return (await ask(target, send)).startsWith(expect);
}

/** False when the server has ended before it answered. */
async function isReady({ name, server, target, question }) {
  let ended = false;
  void server.ended.then(() => { ended = true; });
  for (const deadline = Date.now() + READY_MS; !ended && Date.now() < deadline;) {
    if (await answers(target, question)) return true;
    await sleep(10);
  }
  if (ended) return false;
  server.release();
  throw new Error(`${name} did not answer within ${READY_MS / 1000} s. ${server.log()}`);
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
const ask = (target, send) => new Promise((resolve) => {
  const socket = net.connect(target, () => socket.write(send));
  const answer = (text) => {
    resolve(text);
    socket.destroy();
  };
  socket.on('data', (bytes) => answer(bytes.toString('latin1')));
  socket.on('error', () => answer(''));
  socket.on('close', () => answer(''));
  socket.setTimeout(500, () => answer(''));
});
