// Models in modules: each is a value of its own, and they are joined in any order.
import { char, defineModels, extension, integer, many2one, memory, one2many, openOrmolu } from 'ormolu';

const geography = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country') },
  city: { name: char({ required: true }), country: many2one('country'), label: char({ store: true }) },
})
  .compute('city', 'label', ['name', 'country.name'], (city) => `${city.name} (${city.country?.name ?? '–'})`)
  .method('city', { describe: (cities) => [...cities].map((city) => city.label ?? '').join(', ') });

// A module adds fields to models that exist, and models of its own.
const mayors = extension('mayors', geography, (models) => models
  .extend({ mayor: { name: char({ required: true }) }, city: { mayor: many2one('mayor') } })
  .compute('city', 'label', ['name', 'mayor.name'], (city) => `${city.name}, mayor ${city.mayor?.name ?? 'wanted'}`));

// Another knows nothing of it.
const taxes = extension('taxes', geography, (models) => models
  .extend({ city: { tax: integer({ default: 5 }) } })
  .override('city', (previous) => ({ describe: (cities) => `${previous.describe(cities)}: ${cities.mapped('tax').join()}` })));

// A third one says of the label what mayors says: the two cannot both be right.
const shouting = extension('shouting', geography, (models) => models.compute('city', 'label', ['name'], (city) => city.name.toUpperCase()));

async function main(): Promise<void> {
  const models = geography.with(taxes, mayors);
  const db = await openOrmolu({ models, storage: memory() });
  await db.migrate();
  await db.transaction(async (env) => {
    const ghent = await env.model('city').create({ name: 'Ghent', mayor: await env.model('mayor').create({ name: 'Mathias' }) });
    say(await env.run(() => ghent.describe()));
  });
  await db.close();

  try {
    models.with(shouting);
  } catch (error) {
    say(error instanceof Error ? (error.message.split('. ')[0] ?? '') : 'unknown');
  }

  // What the modules changed, as another process would be told it.
  const patch = models.registry().patchesSince(geography.version);
  say(`${String(patch.patches.length > 0)}, ${String(geography.patched(patch, [mayors, taxes]).version === models.version)}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

void main();
