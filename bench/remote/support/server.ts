// Serves the database at the URL in its first argument, with caches or (second argument) without; tells its address over the channel.
import { openOrmolu, postgres, serve } from 'ormolu';
import { models } from '../../storage/support/open-world';

async function main(url: string, caches: string | undefined): Promise<void> {
  const db = await openOrmolu({ models, storage: postgres(url), ...(caches === 'none' ? { localCache: false } : {}) });
  const server = await serve(db, { port: 0 });
  process.send?.(server.url);
  process.on('disconnect', () => {
    void server.close().then(() => db.close()).then(() => process.exit(0));
  });
}

void main(process.argv[2] ?? '', process.argv[3]);
