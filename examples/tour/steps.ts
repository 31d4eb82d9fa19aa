import { OrmoluError } from 'ormolu';
import type { World } from './load-world';
import { measured, seen } from './measure';
import { thousands, type TourStep } from './report';

const WALKED = 20_000;
const CHANGED = 10_000;

/** Plain nested loops over relations, nothing loaded beforehand: a handful of statements, not one a record. */
export function walk(db: World): Promise<TourStep> {
  const asked = `${thousands(WALKED)} cities, each with its state and that state's country, cold`;
  return measured(db, { name: 'Walk', asked }, () => db.transaction(async (env) => {
    const cities = await env.model('city').search({}, { limit: WALKED });
    let letters = 0;
    const { selects } = await seen(async () => {
      letters = await env.run(() => {
        let sum = 0;
        for (const city of cities) sum += city.name.length + city.state.name.length + city.state.country.name.length;
        return sum;
      });
    });
    return {
      found: [`${thousands(letters)} letters in ${thousands(3 * cities.length)} names, with ${String(selects)} SELECTs for the walk itself`],
      figures: { cities: cities.length, letters, selects },
    };
  }));
}

/** One field of one record changes; what is computed from it follows, in memory and in the database. */
export function rename(db: World): Promise<TourStep> {
  const asked = 'a new name for Belgium; the stored names of its states and cities follow';
  return measured(db, { name: 'Rename', asked }, () => db.transaction(async (env) => {
    const belgium = (await env.model('country').search({ code: 'BE' })).ensureOne();
    await belgium.load(['name']);
    const name = belgium.name === 'Belgium' ? 'Belgique' : 'Belgium';
    belgium.name = name;
    const { statements, updates, updatedTables } = await seen(() => env.flush());
    const cities = await env.model('city').count({ displayName: { like: `%, ${name}` } });
    const states = await env.model('state').count({ displayName: { like: `%, ${name}` } });
    return {
      found: [`${thousands(cities)} cities and ${thousands(states)} states now end in '${name}', written by ${String(statements)} statements, ${String(updates)} of them UPDATEs`],
      figures: { cities, states, statements, updates, writtenModels: updatedTables },
    };
  }));
}

class ChangedMyMind extends Error {}

/** A savepoint takes memory back as well as the database. */
export function rollback(db: World): Promise<TourStep> {
  const asked = `${thousands(CHANGED)} cities changed and flushed inside a savepoint, which is rolled back`;
  return measured(db, { name: 'Roll back', asked }, () => db.transaction(async (env) => {
    const cities = await env.model('city').search({}, { limit: CHANGED });
    await cities.load(['name', 'visits', 'displayName', 'country.name']);
    const inMemory = (): string => [...cities].map((city) => `${city.name}|${String(city.visits)}|${String(city.displayName)}`).join('\n');
    const inDatabase = async (): Promise<string> => String((await env.sql('select md5(string_agg(name || visits || display_name, $1 order by id)) as digest from city', ['|']))[0]?.['digest']);
    const memoryBefore = inMemory();
    const databaseBefore = await inDatabase();
    // Set where the compiler does not look.
    let written = false as boolean;
    try {
      await env.transaction.savepoint(async () => {
        for (const [place, city] of [...cities].entries()) {
          city.name = `${city.name} (${String(place)})`;
          city.visits = place;
        }
        await env.flush();
        written = (await inDatabase()) !== databaseBefore;
        throw new ChangedMyMind();
      });
    } catch (error) {
      if (!(error instanceof ChangedMyMind)) throw error;
    }
    const memorySame = inMemory() === memoryBefore;
    const databaseSame = (await inDatabase()) === databaseBefore;
    if (!written || !memorySame || !databaseSame) throw new Error('The rollback left something behind.');
    return {
      found: ['the database had the changes before the rollback', 'memory equals memory before, the database equals the database before'],
      figures: { changed: cities.length, written, memoryEqual: memorySame, databaseEqual: databaseSame },
    };
  }));
}

/** What a user sees who reads what is not there. */
export function mistake(db: World): Promise<TourStep> {
  const asked = 'the name of a city that nobody has loaded';
  return measured(db, { name: 'A mistake', asked }, () => db.transaction((env) => {
    try {
      return { found: [env.model('city').browse(1).name], figures: { refused: false } };
    } catch (error) {
      if (!OrmoluError.is(error)) throw error;
      return { found: [`${error.code}: ${error.message}`], figures: { refused: true } };
    }
  }));
}
