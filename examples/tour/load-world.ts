import { SingleBar } from 'cli-progress';
import type { DefinitionsOf, Id, Ormolu } from 'ormolu';
import type { models } from './models';
import { realData, stateKey } from './real-data';

export type World = Ormolu<DefinitionsOf<typeof models>>;

/** Cities inserted at a time: enough to make the round trip cheap, few enough to show progress. */
const BATCH = 10_000;

/**
 * Loads the whole data set, unless the data directory has it already.
 *
 * @param progress - where the bar is drawn; nothing is drawn where it is no terminal
 * @returns the number of records written
 */
export async function loadWorld(db: World, progress: NodeJS.WriteStream | undefined): Promise<number> {
  if ((await db.transaction((env) => env.model('city').count())) > 0) return 0;
  const data = realData();
  const total = data.countries.length + data.states.length + data.cities.length;
  const bar = new SingleBar({ format: '  loading  [{bar}] {value}/{total} records, {rate} records/s', stream: progress ?? process.stderr, hideCursor: true });
  if (progress?.isTTY) bar.start(total, 0, { rate: '–' });
  const begun = performance.now();
  let written = 0;
  const advance = (count: number): void => {
    written += count;
    bar.update(written, { rate: Math.round((1_000 * written) / (performance.now() - begun)).toLocaleString('en-US') });
  };

  const countryIds = new Map<string, Id>();
  const stateIds = new Map<string, Id>();
  // One transaction for the whole: a load that is interrupted leaves nothing behind, and the next run begins anew.
  await db.transaction(async (env) => {
    const countries = await env.model('country').create(data.countries);
    for (const [place, { code }] of data.countries.entries()) countryIds.set(code, countries.ids[place] ?? refuse(code));
    advance(data.countries.length);
    const states = await env.model('state').create(data.states.map(({ countryCode, ...state }) => ({ ...state, country: countryIds.get(countryCode) ?? refuse(countryCode) })));
    for (const [place, { code, countryCode }] of data.states.entries()) stateIds.set(stateKey(countryCode, code), states.ids[place] ?? refuse(code));
    advance(data.states.length);
    for (let from = 0; from < data.cities.length; from += BATCH) {
      const batch = data.cities.slice(from, from + BATCH);
      await env.model('city').create(batch.map(({ countryCode, stateKey: key, ...city }) => ({ ...city, country: countryIds.get(countryCode) ?? refuse(countryCode), state: stateIds.get(key) ?? refuse(key) })));
      await env.flush();
      advance(batch.length);
    }
  });
  bar.stop();
  return written;
}

function refuse(key: string): never {
  throw new Error(`The data set refers to '${key}', which it does not hold.`);
}
