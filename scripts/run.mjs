// The door to every command: `npm start`, `npm test` and the `pnpm …` scripts all come through here, so that each of them works in a
// fresh clone on a machine that has only Node and npm.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { exampleNamed } from './examples.mjs';
import { gates } from './gates.mjs';
import { installDependencies } from './install.mjs';
import { whenLauncherDies } from './launcher.mjs';
import { root, typescriptFile } from './root.mjs';

/** Each task: the program and arguments that node runs, before those of the user. */
const TASKS = {
  start: typescriptFile('examples/tour/main.ts'),
  bench: typescriptFile('bench/harness/main.ts'),
  oracle: typescriptFile('oracle/main.ts'),
  mutants: ['scripts/mutants/main.mjs'],
  soak: typescriptFile('packages/ormolu/test/support/soak/main.ts'),
  explore: typescriptFile('packages/tiers/test/protocol/main.ts'),
  test: ['scripts/check.mjs'],
  check: ['scripts/check.mjs'],
  'check:packages': ['scripts/check-packages.mjs'],
  ...gates,
};

const [task, ...rest] = process.argv.slice(2);
const command = task === 'example' ? exampleNamed(rest.shift()) : TASKS[task];
if (command === undefined) {
  console.error(`There is no task '${String(task)}'. Tasks: ${[...Object.keys(TASKS), 'example'].join(', ')}.`);
  process.exit(2);
}
// What a user names is named from where that user stands: scripts are started at the root by package managers too.
process.env.ORMOLU_CALLED_FROM = process.env.INIT_CWD ?? process.cwd();
process.chdir(root);
installDependencies();

// Not spawnSync: signals must be heard while the child runs. A terminal sends Ctrl-C to the whole group, so the child has it already;
// other signals reach only us. A child that minds being orphaned listens for the end of the channel.
const child = spawn(process.execPath, [...command, ...rest], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
process.on('SIGINT', () => undefined);
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
whenLauncherDies(() => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
