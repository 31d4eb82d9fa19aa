// Why is this value what it is? A transaction that was opened with `explain: true` can tell.
import { char, defineModels, many2one, openOrmolu, pglite } from 'ormolu';

const models = defineModels({
  country: { name: char({ required: true }) },
  city: { name: char({ required: true }), country: many2one('country'), displayName: char({ store: true }) },
}).compute('city', 'displayName', ['name', 'country.name'], (city) => `${city.name}, ${city.country?.name ?? 'nowhere'}`);

async function main(): Promise<void> {
  const db = await openOrmolu({ models, storage: pglite() });
  await db.migrate();
  await db.transaction(async (env) => {
    const country = await env.model('country').create({ name: 'Belgium' });
    await env.model('city').create({ name: 'Ghent', country });
  });
  // What the commit has left in the local cache would answer: this is as in a process that begins.
  db.localCache.invalidate();

  await db.transaction(async (env) => {
    const tx = env.transaction;
    const ghent = env.model('city').browse(1);
    const belgium = env.model('country').browse(1);
    await ghent.load(['displayName', 'name', 'country.name']);
    say(tx.explain(ghent, 'displayName').toString());

    // Nobody has asked yet which cities this concerns.
    belgium.name = 'België';
    say(tx.explain(ghent, 'displayName').pendingTriggers.join());

    // The read computes it, and knows why.
    say(ghent.displayName ?? '');
    say(tx.explain(ghent, 'displayName').toString());
    say(tx.explain(belgium, 'name').origin ?? '');
  }, { explain: true });
  await db.close();
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

void main();
