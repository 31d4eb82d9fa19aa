import { createInterface } from 'node:readline';
import type { LocalRungStats } from '@ormolu/tiers';
import { openOrmolu, OrmoluError, postgres, type TransactionOptions } from '../../src/index';
import { base, computations, mayors } from './fleet-models';

/** A process of a fleet: for each line of its standard input, a transaction, of which it prints what it saw. */
const [url = '', has = '', caching = ''] = process.argv.slice(2);
const warnings: string[] = [];
process.on('warning', (warning: Error & { readonly code?: string }) => warnings.push(`${warning.code ?? ''} ${warning.message}`));

async function main(): Promise<void> {
  const db = await openOrmolu({ models: base, storage: postgres(url), ...(has === 'mayors' ? { modules: [mayors] } : {}), ...(caching === 'off' ? { localCache: false } : {}) });
  for await (const line of createInterface({ input: process.stdin })) {
    let runs = 0;
    const hits = (): number => (db.stats().rungs.find(({ rung }) => rung === 'local') as LocalRungStats).hits; // the local rung says so of itself
    let before = 0;
    const seen = await db.transaction(async (env) => {
      runs += 1;
      before = hits();
      const city = await env.model('city').browse(1).load(['name', 'label']).catch((error: unknown) => {
        // A work that goes on as if nothing had happened.
        if (!OrmoluError.is(error)) throw error;
        return { name: error.code, label: error.code };
      });
      return { version: env.transaction.registry.version, name: city.name, label: city.label, computations: await computations(env).catch(() => 0) };
    }, JSON.parse(line) as TransactionOptions);
    await new Promise((resolve) => setImmediate(resolve));
    process.stdout.write(`${JSON.stringify({ ...seen, runs, hits: hits() - before, warnings: warnings.splice(0) })}\n`);
  }
  await db.close();
}
void main();
