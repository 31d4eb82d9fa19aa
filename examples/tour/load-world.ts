import { setImmediate as turn } from 'node:timers/promises';
import type { DefinitionsOf, Ormolu } from 'ormolu';
import type { models } from './models';
import type { Progress } from './progress';
import { realData, stateKey } from './real-data';

export type World = Ormolu<DefinitionsOf<typeof models>>;

/** Cities inserted at a time: enough to make the round trip cheap, few enough to show progress and to hear Ctrl-C. */
const BATCH = 5_000;

/**
 * Loads the whole data set, unless the database has it already.
 *
 * @param interrupted - ends the load between two batches
 * @returns the number of records written
 * @throws {unknown} the signal's reason; then nothing of the load is kept
 */
export async function loadWorld(db: World, { progress, interrupted }: { progress: Progress; interrupted: AbortSignal }): Promise<number> {
  if ((await db.transaction((env) => env.model('city').count())) > 0) return 0;
  const data = realData();
  progress.start(data.countries.length + data.states.length + data.cities.length);
  let written = 0;
  const advance = (count: number): void => {
    written += count;
    progress.at(written);
  };

  const countryIds = new Map<string, number>();
  const stateIds = new Map<string, number>();
  try {
    // One transaction for the whole: a load that is interrupted leaves nothing behind, and the next run begins anew.
    await db.transaction(async (env) => {
      const countries = await env.model('country').create(data.countries);
      for (const [place, { code }] of data.countries.entries()) countryIds.set(code, countries.ids[place] ?? refuse(code));
      advance(data.countries.length);
      const states = await env.model('state').create(data.states.map(({ countryCode, ...state }) => ({ ...state, country: countryIds.get(countryCode) ?? refuse(countryCode) })));
      for (const [place, { code, countryCode }] of data.states.entries()) stateIds.set(stateKey(countryCode, code), states.ids[place] ?? refuse(code));
      advance(data.states.length);
      for (let from = 0; from < data.cities.length; from += BATCH) {
        // The embedded database answers within this process, so that a whole load can pass without one turn of the event loop, and
        // only there signals are heard.
        await turn();
        interrupted.throwIfAborted();
        const batch = data.cities.slice(from, from + BATCH);
        await env.model('city').create(batch.map(({ countryCode, stateKey: key, ...city }) => ({ ...city, country: countryIds.get(countryCode) ?? refuse(countryCode), state: stateIds.get(key) ?? refuse(key) })));
        await env.flush();
        advance(batch.length);
      }
    });
  } finally {
    progress.stop();
  }
  return written;
}

function refuse(key: string): never {
  throw new Error(`The data set refers to '${key}', which it does not hold.`);
}
