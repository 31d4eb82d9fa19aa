import type { Storage } from '@ormolu/kernel';
import { remote, serve } from '@ormolu/remote';

/** A storage that is reached through a server, and takes both with it when it is closed. */
export async function behindServer(below: Storage): Promise<Storage> {
  const server = await serve({ storage: below }, { port: 0 });
  const storage = remote(server.url);
  await storage.connect();
  const close = storage.close.bind(storage);
  storage.close = async () => {
    await close();
    await server.close();
    await below.close();
  };
  return storage;
}
