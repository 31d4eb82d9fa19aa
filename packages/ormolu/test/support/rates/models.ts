import { char, defineModels, integer, ormcache, type DefinitionsOf, type EnvironmentOf, type Ormolu } from '../../../src/index';

/** Rates that memoised functions look up, in several processes. */
export const models = defineModels({ rate: { name: char({ required: true }), percent: integer() } });
export type Env = EnvironmentOf<typeof models>;
export type Database = Ormolu<DefinitionsOf<typeof models>>;

/** How often this process has computed a rate. */
export const computations = { count: 0 };

export const rateOf = ormcache(async (env: Env, name: string) => {
  computations.count += 1;
  const [rate] = await env.model('rate').search({ name }).then((rates) => rates.read(['percent']));
  return rate?.percent ?? null;
}, { name: 'rateOf', group: 'rates' });

/** Made from rates: cleared with them. */
export const labelOf = ormcache(async (env: Env, name: string) => `${name} ${String(await rateOf(env, name))} %`, { name: 'labelOf', group: 'labels', dependsOn: ['rates'] });

export async function write(env: Env, name: string, percent: number): Promise<void> {
  await (await env.model('rate').search({ name })).write({ percent });
}
