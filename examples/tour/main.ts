/**
 * The tour: Ormolu on real records, in a database of its own.
 *
 *     npm start                       prints what is asked, what it takes and which rung answers
 *     npm start -- --json             the same as one JSON document
 *     npm start -- --data DIR         keeps the database in DIR
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openOrmolu, OrmoluError, pglite } from 'ormolu';
import { loadWorld } from './load-world';
import { measured } from './measure';
import { models } from './models';
import { jsonReport, textReport, thousands } from './report';
import { mistake, rename, rollback, walk } from './steps';

async function tour(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, data: { type: 'string', default: join(__dirname, '..', '..', '.data', 'tour') } } });
  const report = values.json ? jsonReport(process.stdout) : textReport(process.stdout);
  const begun = performance.now();
  const db = await openOrmolu({ models, storage: pglite({ dataDir: values.data }) });
  try {
    report.step(await measured(db, { name: 'Open', asked: `a database in ${values.data}, with tables for three models` }, async () => {
      const { statements } = await db.migrate();
      return [statements.length === 0 ? 'it was there already' : `created by ${String(statements.length)} statements`];
    }));
    report.step(await measured(db, { name: 'Load', asked: 'every country, state and city of the data set' }, async () => {
      const written = await loadWorld(db, values.json ? undefined : process.stderr);
      return [written === 0 ? 'they were there already' : `${thousands(written)} records written`];
    }));
    for (const step of [walk, rename, rollback, mistake]) report.step(await step(db));
    report.rungs(db.stats().rungs);
  } finally {
    await db.close();
  }
  report.end(performance.now() - begun);
}

tour().catch((error: unknown) => {
  process.exitCode = 1;
  process.stderr.write(OrmoluError.is(error) ? `\n${error.code}: ${error.message}\n` : `\n${String(error instanceof Error ? error.stack : error)}\n`);
});
