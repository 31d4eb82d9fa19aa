import type * as Driver from 'ioredis';
import { createConnection, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What of a connection's options says where it leads. */
type Address = Pick<Driver.RedisOptions, 'path' | 'port' | 'host' | 'family' | 'tls' | 'disconnectTimeout'>;

type ConnectorConstructor = NonNullable<Driver.RedisOptions['Connector']>;

type ErrorEmitter = Parameters<InstanceType<typeof Driver.AbstractConnector>['connect']>[0];

/** What the driver's own has, of which it declares less. */
type Sentinels = new (options: object) => {
  connect(tell: ErrorEmitter): Promise<Socket>;
  connectToSentinel(endpoint: object, options?: object): Driver.Redis;
};

/**
 * Makes connections for the driver, and hears all their errors. The driver listens to the first of a connection: where one is closed while its server's certificate is being
 * refused, TLS tells of another, which nobody would hear, and that ends the process.
 *
 * Sentinels are asked to tell when they put another master in the place of one: who is connected to that one and asks nothing would go on with it when it is back, until it has been
 * told that it is none.
 *
 * @param options - those of the connection: a program's own Connector is left to the driver; `failoverDetector: false` asks nothing of sentinels but the address
 * @see ioredis, "Connector" in `RedisOptions`
 */
export function heedfulConnector({ AbstractConnector, SentinelConnector }: typeof Driver, { Connector, sentinels, failoverDetector = true }: Readonly<Record<string, unknown>>): ConnectorConstructor {
  if (Connector !== undefined) return Connector as ConnectorConstructor; // the driver knows what to make of it
  const Direct = class extends AbstractConnector {
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
  if (sentinels === undefined) return Direct;
  return class extends (SentinelConnector as unknown as Sentinels) { // see there
    constructor(given: unknown) {
      super({ ...given as object, failoverDetector }); // the driver's own options, with its defaults
    }

    override async connect(tell: ErrorEmitter): Promise<Socket> {
      return heard(await super.connect(tell));
    }

    override connectToSentinel(endpoint: object, options?: object): Driver.Redis {
      // One that is away while it is to tell of masters is asked again; nobody is told of each time in vain.
      return super.connectToSentinel(endpoint, { ...options, Connector: Direct }).on('error', () => undefined);
    }
  } as unknown as ConnectorConstructor; // as above
}

function heard<S extends Socket>(stream: S): S {
  return stream.on('error', () => undefined);
}
