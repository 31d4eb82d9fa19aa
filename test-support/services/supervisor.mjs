// Owns the test servers. Lives as long as its standard input is open: when whoever started it dies in any way, everything is stopped.
// Prints one line of JSON when all are ready: { env, servers: [{ name, pid }], folder }. See docs/decisions/0004.
import { rmSync } from 'node:fs';
import { releaseAll } from './leash.mjs';
import { postgres } from './postgres.mjs';
import { takeRequests } from './requests.mjs';
import { makeServiceFolder, serverOwner } from './service-folder.mjs';

/** Started at once; cache servers when somebody asks for one (requests.mjs). */
const SERVICES = [postgres];

const owner = serverOwner();
const folder = makeServiceFolder(owner);

let stopping = false;
async function stop(code = 0) {
  if (stopping) return;
  stopping = true;
  await releaseAll();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  process.exit(code);
}

process.stdin.on('end', () => void stop()).on('close', () => void stop()).resume();
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM']) process.on(signal, () => void stop());

const env = {};
const servers = [];
await Promise.all(SERVICES.map(async ({ name, variable, remedy, start, verify }) => {
  const given = process.env[variable];
  try {
    if (given) {
      await verify(given);
      return;
    }
    const { url, pid } = await start(folder, owner);
    env[variable] = url;
    servers.push({ name, pid });
  } catch (error) {
    const reason = (error.message || String(error.code)).trim().replace(/\.?$/, '.');
    if (!stopping) console.error(`No ${name} for the tests: ${given ? `${variable} is set, but ` : ''}${reason} ${remedy}`);
    await stop(1);
  }
}));
env.ORMOLU_TEST_SERVERS = await takeRequests({ folder, owner });
console.log(JSON.stringify({ env, servers, folder }));
