// A computed field that is stored: it follows its causes, in memory at once and in the database with the flush.
import { char, defineModels, many2one, memory, openOrmolu, OrmoluError } from 'ormolu';

const models = defineModels({
  country: { name: char({ required: true }) },
  city: { name: char({ required: true }), country: many2one('country'), displayName: char({ store: true }) },
}).compute('city', 'displayName', ['name', 'country.name'], (city) => `${city.name}, ${city.country?.name ?? 'nowhere'}`);

async function main(): Promise<void> {
  const db = await openOrmolu({ models, storage: memory() });
  await db.migrate();
  await db.transaction(async (env) => {
    const country = await env.model('country').create({ name: 'Belgium' });
    const ghent = await env.model('city').create({ name: 'Ghent', country });
    say(ghent.displayName);

    // The cause changes; whoever reads the dependent gets the new value, although nothing has been written yet.
    country.name = 'België';
    say(ghent.displayName);

    // A savepoint takes memory back as well as rows.
    await env.transaction.savepoint(async () => {
      ghent.name = 'Gand';
      await env.flush();
      say(ghent.displayName);
      throw new Error('second thoughts');
    }).catch((error: unknown) => {
      say(error instanceof Error ? error.message : 'unknown');
    });
    say(ghent.displayName);
  });

  // Another transaction has another memory: what it reads must be loaded, or read inside env.run().
  await db.transaction(async (env) => {
    const ghent = env.model('city').browse(1);
    try {
      say(ghent.displayName);
    } catch (error) {
      if (!OrmoluError.is(error)) throw error;
      say(error.code);
    }
    await ghent.load(['displayName']);
    say(ghent.displayName);
  });
  await db.close();
}

function say(text: string | null): void {
  process.stdout.write(`${text ?? '–'}\n`);
}

void main();
