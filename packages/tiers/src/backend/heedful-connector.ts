import type * as Driver from 'ioredis';
import { createConnection, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What of a connection's options says where it leads. */
type Address = Pick<Driver.RedisOptions, 'path' | 'port' | 'host' | 'family' | 'tls' | 'disconnectTimeout'>;

type ConnectorConstructor = NonNullable<Driver.RedisOptions['Connector']>;

/**
 * Makes connections for the driver, and hears all their errors. The driver listens to the first of a connection: where one is closed while its server's certificate is being
 * refused, TLS tells of another, which nobody would hear, and that ends the process.
 *
 * @param options - those of the connection; what a program has given itself, or what sentinels need, is left to it
 * @see ioredis, "Connector" in `RedisOptions`
 */
export function heedfulConnector({ AbstractConnector, SentinelConnector }: typeof Driver, { Connector, sentinels }: Readonly<Record<string, unknown>>): ConnectorConstructor {
  if (Connector !== undefined) return Connector as ConnectorConstructor; // the driver knows what to make of it
  if (sentinels !== undefined) {
    return class extends SentinelConnector {
      override async connect(...args: Parameters<InstanceType<typeof SentinelConnector>['connect']>): ReturnType<InstanceType<typeof SentinelConnector>['connect']> {
        return heard(await super.connect(...args));
      }
    } as ConnectorConstructor; // the driver gives it the options that it wants
  }
  return class extends AbstractConnector {
    readonly #address: Address;

    constructor(given: unknown) {
      const address = given as Address; // the driver's own options, with its defaults
      super(address.disconnectTimeout ?? 2_000);
      this.#address = address;
    }

    // eslint-disable-next-line @typescript-eslint/require-await -- what node throws for an impossible address is to be a rejection
    override async connect(): Promise<Socket> {
      this.connecting = true;
      const { path, port, host, family, tls } = this.#address;
      const place = path ? { path } : { port: port ?? 6379, host, ...family !== undefined && { family } };
      this.stream = heard(tls ? connectTls({ ...place, ...tls }) : createConnection(place));
      this.stream.once('error', (error: Error) => { this.firstError = error; });
      return this.stream;
    }
  };
}

function heard<S extends Socket>(stream: S): S {
  return stream.on('error', () => undefined);
}
