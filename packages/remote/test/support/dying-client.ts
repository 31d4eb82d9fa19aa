// A client in a process of its own that writes, says so, and waits to be killed.
import { remote } from '@ormolu/remote';
import { citySchema } from './served';

async function main(): Promise<void> {
  const client = remote(process.argv[2] ?? '');
  const session = await client.open({ schema: citySchema });
  await session.insert({ model: 'city', count: 1, fields: ['name'], columns: [['lost']] });
  process.send?.('written');
  setInterval(() => undefined, 1_000);
}

void main();
