// `pnpm oracle [--dir DIR]`: replays what was recorded from running Odoo servers. Exit code 1 on any failure, and on what it cannot replay.
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runFolder } from './run-folder';
import { report } from './report';

const USAGE = `Usage: pnpm oracle [--dir DIR]
  --dir DIR   the folder of recordings to replay, from where the command is called; oracle/data when left out. A departures.json in it says where we differ on purpose`;

async function main(): Promise<void> {
  let folder = join(__dirname, 'data');
  try {
    const { values } = parseArgs({ args: process.argv.slice(2), options: { dir: { type: 'string' } } });
    if (values.dir !== undefined) folder = resolve(process.env['ORMOLU_CALLED_FROM'] ?? '', values.dir);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exitCode = 1;
    return;
  }
  const outcome = await runFolder(folder);
  for (const line of report(outcome)) console.log(line);
  process.exitCode = outcome.failures === 0 ? 0 : 1;
}

void main();
