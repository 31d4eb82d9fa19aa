/**
 * A named cache: plain values under texts as keys, for what a program remembers beside its records.
 *
 * Run it: `npm run example 6`
 */
import { char, defineModels, memory, openOrmolu } from 'ormolu';

const models = defineModels({ 'res.currency': { name: char({ required: true }) } });

/** A service far away: slow, and down every third time. */
let calls = 0;
async function fetchRate(currency: string): Promise<number> {
  calls += 1;
  await new Promise((resolve) => setTimeout(resolve, 5));
  if (calls % 3 === 0) throw new Error(`no answer for ${currency}`);
  return currency.charCodeAt(0) / 100;
}

async function main(): Promise<void> {
  const db = await openOrmolu({ models, storage: memory(), caches: { rates: { maxEntries: 100, ttl: '20ms', jitter: 0, grace: '1m' } } });
  const rates = db.caches.get('rates');
  const rateOf = (currency: string): Promise<number> => rates.getOrSet(`rate:${currency}`, () => fetchRate(currency), { tags: ['rates'] });

  // A hundred ask at once: one call.
  const all = await Promise.all(Array.from({ length: 100 }, () => rateOf('EUR')));
  console.log(`${all.length} asked, ${calls} call`);

  // Another key, another call; then both expire, and the service is down when it is asked again: the old rate stands in.
  await rateOf('USD');
  await new Promise((resolve) => setTimeout(resolve, 30));
  console.log(`while the service is down: ${await rateOf('EUR')}`);

  console.log(`taken out by tag: ${await rates.deleteByTag('rates')}`);
  const { hits, staleHits, misses, loadFailures } = rates.stats();
  console.log({ hits, staleHits, misses, loadFailures });
  await db.close();
}

void main();
