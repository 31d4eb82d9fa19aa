import type { SerializerName } from '@ormolu/tiers';
import { channels, char, datetime, decimal, defineModels, integer, json, many2one, openOrmolu, postgres, redis, type EnvironmentOf, type StatementEvent } from '../../../src/index';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Cities of countries. */
export const models = defineModels({
  country: { name: char({ required: true }), founded: datetime() },
  city: { name: char({ required: true }), size: integer(), wealth: decimal({ scale: 2 }), tags: json(), country: many2one('country') },
});

/** A process of the fleet: what it knows of its own is nothing, what it shares is on the server. */
export function openShared({ url, server, prefix, serializer = 'msgpack' }: { readonly url: string; readonly server: string; readonly prefix: string; readonly serializer?: SerializerName }) {
  return openOrmolu({ models, storage: postgres(url), localCache: false, caches: { persistent: { l2: redis(server), deadline: '10s', prefix, serializer, ttl: '1h' } }, records: 'persistent' });
}

/** Everything there is to know of the cities. */
export async function readAll(env: EnvironmentOf<typeof models>) {
  const cities = await env.model('city').search({ 'country.name': 'Belgium' }, { order: ['name'] });
  await cities.load(['name', 'size', 'wealth', 'tags', 'country.name', 'country.founded']);
  const groups = await env.model('city').readGroup({ by: ['country'], sum: ['size'] });
  return {
    cities: Array.from(cities, ({ name, size, wealth, tags, country }) => ({ name, size, wealth, tags, country: country?.name, founded: country?.founded?.getTime() })),
    count: await env.model('city').count({ size: { gte: 2 } }), sums: groups.map((group) => JSON.stringify(group)).length,
  };
}

/** Counts the statements that read rows of models, until it is stopped. */
export function countingReads(): { reads: () => number; stop: () => void } {
  let reads = 0;
  const listener = (event: unknown): void => {
    const { text } = event as StatementEvent; // what this channel publishes
    if (/from "(?:city|country)"/.test(text)) reads += 1;
  };
  subscribe(channels.statement.name, listener);
  return { reads: () => reads, stop: () => { unsubscribe(channels.statement.name, listener); } };
}
