/** The tour: Ormolu on real records, in a database of its own. `npm start -- --help` says how to call it. */
import { setImmediate as turn } from 'node:timers/promises';
import { openOrmolu, OrmoluError, pglite } from 'ormolu';
import { ArgumentsError, HELP, tourArguments, type TourArguments } from './arguments';
import { loadWorld } from './load-world';
import { measured } from './measure';
import { models } from './models';
import { noProgress, perSecond, progressOn } from './progress';
import { duration, jsonReport, textReport, thousands } from './report';
import { mistake, rename, rollback, walk } from './steps';

/** Ctrl-C ends the tour after the statement that runs, so that the database is closed in order; a second one ends it at once. */
const interrupt = new AbortController();
/** What a shell expects of a program that a signal has ended. */
const SIGNAL_EXITS = { SIGINT: 130, SIGTERM: 143 } as const;

async function tour({ json, data }: TourArguments): Promise<void> {
  const report = json ? jsonReport(process.stdout) : textReport(process.stdout);
  const progress = json && !process.stderr.isTTY ? noProgress : progressOn(process.stderr);
  const begun = performance.now();
  const db = await openOrmolu({ models, storage: pglite({ dataDir: data }) });
  try {
    report.step(await measured(db, { name: 'Open', asked: `a database in ${data}, with tables for three models` }, async () => {
      const { statements } = await db.migrate();
      return { found: [statements.length === 0 ? 'it was there already' : `created or upgraded by ${String(statements.length)} statements`], figures: { migrations: statements.length } };
    }));
    await listen();
    report.step(await measured(db, { name: 'Load', asked: 'every country, state and city of the data set' }, async () => {
      const from = performance.now();
      const records = await loadWorld(db, { progress, interrupted: interrupt.signal });
      const ms = performance.now() - from;
      const rate = records === 0 ? 0 : perSecond(records, ms);
      return {
        found: [records === 0 ? 'they were there already' : `${thousands(records)} records written in ${duration(ms)}: ${thousands(rate)} records/s, computed names included`],
        figures: { records, recordsPerSecond: rate },
      };
    }));
    for (const step of [walk, rename, rollback, mistake]) {
      await listen();
      report.step(await step(db));
    }
    report.rungs(db.stats().rungs);
  } finally {
    await db.close();
  }
  report.end(performance.now() - begun);
}

/** Ends the tour here if a signal has come; only a turn of the event loop lets one be heard. */
async function listen(): Promise<void> {
  await turn();
  interrupt.signal.throwIfAborted();
}

async function main(): Promise<void> {
  const asked = tourArguments(process.argv.slice(2));
  if (asked.help) process.stdout.write(HELP);
  else await tour(asked);
}

function fail(error: unknown): void {
  process.exitCode ||= 1;
  process.stderr.write(`\n${messageOf(error)}\n`);
}

function messageOf(error: unknown): string {
  if (interrupt.signal.aborted) return 'Interrupted. The database holds what the finished steps have written, and nothing of the one that was under way; the next run goes on from there.';
  if (OrmoluError.is(error)) return `${error.code}: ${error.message}`;
  if (error instanceof ArgumentsError) return error.message;
  return String(error instanceof Error ? error.stack : error);
}

for (const [signal, exit] of Object.entries(SIGNAL_EXITS)) {
  process.once(signal, () => {
    process.exitCode = exit;
    interrupt.abort();
  });
}
// `npm start | head`: whoever reads has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
main().catch(fail);
