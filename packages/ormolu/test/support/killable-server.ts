// Serves the database at the URL of its first argument on the port of its second (0: any), until it is killed; tells its port over the channel.
import { postgres, serve } from 'ormolu';

async function main([url = '', port]: readonly string[]): Promise<void> {
  const server = await serve({ storage: postgres(url) }, { port: Number(port) });
  process.send?.(server.port);
  // Whoever started us is gone.
  process.on('disconnect', () => process.exit(0));
}

void main(process.argv.slice(2));
