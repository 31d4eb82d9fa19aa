import { EVERYTHING, Schema, type ColumnSchema, type Storage } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { remote, serve, type RemoteOptions, type RemoteServer, type RemoteStorage, type ServeOptions } from '@ormolu/remote';

const column = (field: string, type: ColumnSchema['type']): ColumnSchema => ({ field, column: field, type, required: false, unique: false, index: false });

/** Of the one table that these tests use. */
export const citySchema = new Schema([{ model: 'city', table: 'city', idColumn: 'id', idType: 'integer', columns: [column('name', 'text'), column('size', 'float8')], lists: [], order: [], versioned: false }]);

/** A database in memory, its server, and whatever clients a test wants; all ended together. */
export class Served {
  readonly below: Storage;
  readonly schema = citySchema;
  #server: RemoteServer | undefined;
  readonly #clients: RemoteStorage[] = [];

  private constructor(below: Storage) {
    this.below = below;
  }

  static async begin(options: ServeOptions = {}, below: Storage = memory()): Promise<Served> {
    const served = new Served(below);
    await below.migrate(served.schema);
    await served.start(options);
    return served;
  }

  get server(): RemoteServer {
    if (!this.#server) throw new Error('The server is down.');
    return this.#server;
  }

  async start(options: ServeOptions = {}): Promise<void> {
    this.#server = await serve({ storage: this.below }, { port: 0, ...options });
  }

  async stop(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  client(options: RemoteOptions = {}, url: string = this.server.url): RemoteStorage {
    const client = remote(url, options);
    this.#clients.push(client);
    return client;
  }

  /** Adds a city through a client and commits it. */
  async add(client: Storage, name: string): Promise<void> {
    const session = await client.open({ schema: this.schema });
    try {
      await session.insert({ model: 'city', count: 1, fields: ['name'], columns: [[name]] });
      await session.commit();
    } finally {
      await session.rollback();
    }
  }

  /** The names of all cities, as the database itself has them. */
  async names(): Promise<readonly unknown[]> {
    const session = await this.below.open({ schema: this.schema });
    try {
      return (await session.query({ model: 'city', filter: EVERYTHING, order: [{ path: ['name'], direction: 'asc' }], fields: ['name'] })).columns[0] ?? [];
    } finally {
      await session.rollback();
    }
  }

  async end(): Promise<void> {
    for (const client of this.#clients) await client.close();
    await this.stop();
    await this.below.close();
  }
}
