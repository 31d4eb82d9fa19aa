// A process that begins, reads all once, and says what it saw and how often it asked the database.
import { countingReads, openShared, readAll } from './models';

async function main(): Promise<void> {
  const { reads } = countingReads();
  const [url = '', server = '', prefix = ''] = process.argv.slice(2);
  const db = await openShared({ url, server, prefix });
  const seen = await db.transaction(readAll);
  const { hits } = db.stats().rungs.find(({ rung }) => rung === 'shared') ?? { hits: 0 };
  await db.close();
  process.stdout.write(`${JSON.stringify({ seen, hits, reads: reads() })}\n`);
}

void main();
