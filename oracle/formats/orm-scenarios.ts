import type { Storage } from '@ormolu/kernel';
import type { Environment } from '@ormolu/transaction';
import { openOrmolu, type Ormolu } from 'ormolu';
import type { ScenarioDepartures } from '../departures';
import { buildModels } from '../orm/build-models';
import { CallLog } from '../orm/call-log';
import { countsOf, Replay } from '../orm/replay';
import type { ScenarioData, ScenarioFile } from '../orm/scenario-data';
import { tooMany } from '../orm/statement-figures';
import { noStatements, plus, StatementLog } from '../orm/statement-log';
import { RECORDED_COMPANY, RECORDED_USER, World } from '../orm/world';
import type { Folder, Format } from '../scenario';
import { recordedCounts } from './sql-counts';

/** Ends a scenario's transaction: nothing of it stays. */
class ScenarioOver extends Error {}

/** The databases that were opened, by what was said of their models: files that say the same share one. */
const opened = new Map<string, Promise<Opened>>();

interface Opened {
  readonly db: Ormolu<unknown>;
  readonly calls: CallLog;
  readonly statements: StatementLog;
  readonly tables: readonly string[];
}

/** Scenarios of ORM operations, each with its result and what it left in memory and in the database. */
export const ormScenarios: Format = {
  name: 'ormolu-orm-scenarios/1',
  *scenarios(data, _source, folder) {
    const file = data as ScenarioFile; // the format's name was checked; a part that is missing fails by itself
    const models = JSON.stringify(file.models);
    for (const scenario of file.scenarios) {
      yield {
        name: scenario.name,
        async run(departures) {
          let database = opened.get(models);
          if (!database) opened.set(models, (database = open(file, folder.open())));
          return replay(await database, { file, scenario, departures, folder });
        },
      };
    }
  },
  async close() {
    for (const database of opened.values()) await (await database.catch(() => undefined))?.db.close();
    opened.clear();
  },
};

/** One database for all scenarios of a file: each begins with empty tables and leaves nothing behind. */
async function open(file: ScenarioFile, storage: Storage): Promise<Opened> {
  const calls = new CallLog();
  const db = await openOrmolu({ models: buildModels(file.models, calls), storage });
  await db.migrate();
  const tables = db.registry.schema.tables.map(({ table }) => table);
  return { db, calls, statements: new StatementLog(tables), tables };
}

interface Recorded {
  readonly file: ScenarioFile;
  readonly scenario: ScenarioData;
  readonly departures: ScenarioDepartures;
  readonly folder: Folder;
}

async function replay({ db, calls, statements, tables }: Opened, { file, scenario, departures, folder }: Recorded): Promise<string | undefined> {
  let difference: string | undefined;
  const work = async (env: Environment): Promise<never> => {
    calls.clear();
    await statements.unheard(() => env.transaction.session.sql(`truncate ${tables.map((table) => `"${table}"`).join(', ')} restart identity`, []));
    const world = new World({ models: file.models, env: env.sudo(), calls, statements });
    const run = new Replay(world, departures);
    difference = await run.run(scenario.steps);
    const recorded = recordedCounts(folder.files, scenario.name);
    const summed = scenario.steps.reduce((sum, step) => plus(sum, countsOf(step, tables)), noStatements());
    const figures = { ours: run.counts, excess: run.excess, recorded: recorded.length > 0 ? recorded : [summed] };
    folder.statements.set(scenario.name, figures);
    if (recorded.length === 0) difference ??= tooMany(figures);
    throw new ScenarioOver();
  };
  try {
    await statements.listening(() => db.transaction((env) => work(env as unknown as Environment), {
      uid: RECORDED_USER, context: { allowedCompanyIds: [RECORDED_COMPANY] }, tries: 1,
    }));
  } catch (error) {
    if (!(error instanceof ScenarioOver)) throw error;
  }
  return difference;
}
