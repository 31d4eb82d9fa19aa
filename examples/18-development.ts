// A configuration for development: everything in this process, nothing to install, and the engine told to be strict and to explain itself.
import { openOrmolu, pglite } from 'ormolu';
import { loadBenelux, models, say } from './cookbook/benelux';

async function main(): Promise<void> {
  const db = await openOrmolu({
    models,
    // In memory; a `dataDir` keeps it.
    storage: pglite(),
    // Runs what is given to `env.run` twice: whatever depends on more than records is an error here, and not a riddle in production.
    checkRuns: true,
    // Short lives: what is wrong is not wrong for long.
    caches: { pages: { maxEntries: 100, ttl: '5s' } },
  });
  await db.migrate();
  await db.transaction(loadBenelux);

  let visits = 0;
  await db.transaction((env) => env.run(() => {
    visits += 1;
    return env.model('country').browse(visits).ids;
  })).catch((error: unknown) => say(`strict: ${(error as { code: string }).code}`));

  await db.transaction(async (env) => {
    const belgium = (await env.model('country').search({ code: 'BE' })).ensureOne();
    await belgium.load(['name']);
    say(`explained: ${env.transaction.explain(belgium, 'name').toString().split('\n')[0] ?? ''}`);
  }, { explain: true });

  db.caches.get('pages').on('miss', ({ key }) => say(`miss: ${key}`));
  await db.caches.get('pages').get('page:home');
  await db.close();
}

void main();
