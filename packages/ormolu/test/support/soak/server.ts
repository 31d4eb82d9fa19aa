// The server of the clients: what it is to do comes as JSON in its first argument, and it tells its port over the channel.
import { serve } from '@ormolu/remote';
import { StorageRung } from '@ormolu/storage';
import { openLadder, type LadderConfig } from './ladder';
import { passable } from './past-caches';

/** What the server is told. */
export interface ServerConfig extends LadderConfig {
  /** 0: any. */
  readonly port: number;
  /** Transactions open at a time. */
  readonly flows: number;
}

async function main({ port, flows, ...config }: ServerConfig): Promise<void> {
  const ladder = openLadder(config, flows);
  const rung = passable(ladder.over(new StorageRung()));
  const server = await serve({ storage: ladder.storage, ladder: { rung, sight: 'far' } }, { port });
  process.send?.(server.port);
  process.on('message', () => {
    void server.close().then(() => ladder.close()).then(() => { process.disconnect(); });
  });
  // Whoever started us is gone.
  process.on('disconnect', () => process.exit(0));
}

main(JSON.parse(process.argv[2] ?? '{}') as ServerConfig).catch((error: unknown) => { // as the director writes it
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
