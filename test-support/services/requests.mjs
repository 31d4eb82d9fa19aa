import net from 'node:net';
import { join } from 'node:path';
import { sharedCacheServer, startCacheServer } from './cache-servers.mjs';

/**
 * Takes requests of test processes for cache servers, one line of JSON a connection, on a socket in the folder of the servers.
 *
 * `{ kind }` is the server that all share: it is started for the first who asks. With `own: true` it is another's alone, and lives as
 * long as the connection: a test that dies leaves nothing.
 * @returns {Promise<string>} the path of the socket
 */
export async function takeRequests(home) {
  const shared = new Map();
  const server = net.createServer((connection) => {
    let text = '';
    connection.on('error', () => undefined);
    connection.on('data', (bytes) => {
      text += String(bytes);
      if (!text.endsWith('\n')) return;
      void answer(JSON.parse(text), connection);
      text = '';
    });
  });
  const answer = async (request, connection) => {
    try {
      const one = await (request.own ? startCacheServer(request, home) : once(request.kind));
      const { release, ...told } = one;
      if (request.own) {
        if (connection.destroyed) release();
        else connection.on('close', release);
      }
      connection.write(`${JSON.stringify(told)}\n`);
    } catch (error) {
      connection.write(`${JSON.stringify({ error: error.message })}\n`);
    }
  };
  const once = (kind) => {
    const known = shared.get(kind) ?? sharedCacheServer(kind, home);
    shared.set(kind, known);
    return known;
  };
  const path = join(home.folder, 'ask');
  await new Promise((resolve, reject) => server.on('error', reject).listen(path, resolve));
  return path;
}
