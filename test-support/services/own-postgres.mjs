// A PostgreSQL for one suite that sets it up in its own way, or restarts it. Lives as long as its standard input is open, like the supervisor.
// Arguments are settings, `name=value`. Prints a line of JSON when it is ready, { url, log }, and one for each signal it reads from a
// line of its input: the server has been ended by it and started again.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { releaseAll } from './leash.mjs';
import { postgres } from './postgres.mjs';
import { makeServiceFolder, serverOwner } from './service-folder.mjs';

const owner = serverOwner();
const folder = makeServiceFolder(owner);
const LOG = ['log', 'postgresql.log'];

let stopping = false;
async function stop(code = 0) {
  if (stopping) return;
  stopping = true;
  await releaseAll();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  process.exit(code);
}

for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM']) process.on(signal, () => void stop());
const lines = createInterface(process.stdin).on('close', () => void stop());

try {
  const server = await postgres.start(folder, owner, ['logging_collector=on', `log_directory=${join(folder, LOG[0])}`, `log_filename=${LOG[1]}`, 'log_rotation_age=0', 'log_rotation_size=0', ...process.argv.slice(2)]);
  console.log(JSON.stringify({ url: server.url, log: join(folder, ...LOG) }));
  for await (const signal of lines) console.log(JSON.stringify({ pid: await server.restart(signal) }));
} catch (error) {
  if (!stopping) console.error(`No PostgreSQL of its own for a suite: ${error.message}`);
  await stop(1);
}
