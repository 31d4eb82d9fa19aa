// `pnpm oracle [--dir DIR] [--postgres URL]`: replays what was recorded from running Odoo servers. Exit code 1 on any failure, and on what it cannot replay.
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { postgres, type Storage } from 'ormolu';
import { runFolder } from './run-folder';
import { report } from './report';

const USAGE = `Usage: pnpm oracle [--dir DIR] [--postgres URL]
  --postgres URL   an empty database of a server to replay on, instead of PGlite
  --dir DIR   the folder of recordings to replay, from where the command is called; oracle/data when left out. A departures.json in it says where we differ on purpose`;

async function main(): Promise<void> {
  let folder = join(__dirname, 'data');
  let open: (() => Storage) | undefined;
  try {
    const { values } = parseArgs({ args: process.argv.slice(2), options: { dir: { type: 'string' }, postgres: { type: 'string' } } });
    const url = values.postgres;
    if (url !== undefined) open = () => postgres(url);
    if (values.dir !== undefined) folder = resolve(process.env['ORMOLU_CALLED_FROM'] ?? '', values.dir);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exitCode = 1;
    return;
  }
  const outcome = await runFolder(folder, open);
  for (const line of report(outcome)) console.log(line);
  process.exitCode = outcome.failures === 0 ? 0 : 1;
}

void main();
