import type * as Driver from 'ioredis';
import { createConnection, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What of a connection's options says where it leads. */
type Address = Pick<Driver.RedisOptions, 'path' | 'port' | 'host' | 'family' | 'tls' | 'disconnectTimeout'>;

type ConnectorConstructor = NonNullable<Driver.RedisOptions['Connector']>;

type ErrorEmitter = Parameters<InstanceType<typeof Driver.AbstractConnector>['connect']>[0];

interface Place {
  readonly host: string;
  readonly port: number;
}

/** What the driver's own has, of which it declares less. */
type Sentinels = new (options: object) => {
  stream?: Socket;
  disconnect(): void;
  connect(tell: ErrorEmitter): Promise<Socket>;
  connectToSentinel(endpoint: object, options?: object): Driver.Redis;
  /** Where the master is, as one of them says. */
  resolve(endpoint: object): Promise<Place | null>;
  /** What they say, as it is seen from here. */
  sentinelNatResolve(place: Place): Place;
};

/** One that could not tell of a master is connected to again so soon: the driver leaves it for a minute. */
const SENTINEL_AGAIN_MS = 1_000;

/**
 * Makes connections for the driver, and hears all their errors. The driver listens to the first of a connection: where one is closed while its server's certificate is being
 * refused, TLS tells of another, which nobody would hear, and that ends the process.
 *
 * Sentinels are asked to tell when they put another master in the place of one: who is connected to that one and asks nothing would go on with it when it is back, until it has been
 * told that it is none. They tell of all the masters that they watch, and of a new one a moment after they have begun to name it: a connection that leads where it should stays.
 *
 * @param options - those of the connection: a program's own Connector is left to the driver; `failoverDetector: false` asks nothing of sentinels but the address
 * @see ioredis, "Connector" in `RedisOptions`
 */
export function heedfulConnector({ AbstractConnector, SentinelConnector }: typeof Driver, options: Readonly<Record<string, unknown>>): ConnectorConstructor {
  const { Connector, sentinels, name, failoverDetector = true, sentinelReconnectStrategy = () => SENTINEL_AGAIN_MS } = options;
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

    override disconnect(): void {
      if (isOver(this.stream)) Reflect.deleteProperty(this, 'stream');
      super.disconnect();
    }
  };
  if (sentinels === undefined) return Direct;
  return class extends (SentinelConnector as unknown as Sentinels) { // see there
    /** Where they said that the master is. */
    #named: string | undefined;
    #isAsking = false;
    /** Where it is by now, if they told of it while they were asked. */
    #told: string | undefined;

    constructor(given: unknown) {
      super({ ...given as object, failoverDetector, sentinelReconnectStrategy }); // the driver's own options, with its defaults
    }

    override async connect(tell: ErrorEmitter): Promise<Socket> {
      this.#isAsking = true;
      const stream = heard(await super.connect(tell).finally(() => {
        this.#isAsking = false;
      }));
      const [named, told] = [this.#named, this.#told];
      this.#told = undefined;
      // The driver makes another connection then.
      if (told !== undefined && told !== named) stream.destroy();
      return stream;
    }

    override disconnect(): void {
      if (isOver(this.stream)) Reflect.deleteProperty(this, 'stream');
      super.disconnect();
    }

    override async resolve(endpoint: object): Promise<Place | null> {
      const place = await super.resolve(endpoint);
      this.#named = place ? textOf(place) : undefined;
      return place;
    }

    override connectToSentinel(endpoint: object, more?: object): Driver.Redis {
      // One that is away while it is to tell of masters is asked again; nobody is told of each time in vain.
      const client = super.connectToSentinel(endpoint, { ...more, Connector: Direct }).on('error', () => undefined);
      const emit = client.emit.bind(client);
      client.emit = (event: string | symbol, ...told: unknown[]) => (event === 'message' && !this.#isMeant(String(told[1])) ? false : emit(event, ...told));
      return client;
    }

    /** @param message - the name of a master, where it was, and where it is */
    #isMeant(message: string): boolean {
      const [of, , , host = '', port] = message.split(' ');
      if (of !== name) return false;
      const now = textOf(this.sentinelNatResolve({ host, port: Number(port) }));
      // There is no connection to be ended: the driver would take it for a wish to have none.
      if (this.#isAsking) this.#told = now;
      return !this.#isAsking && now !== this.#named;
    }
  } as unknown as ConnectorConstructor; // as above
}

function textOf({ host, port }: Place): string {
  return `${host}:${String(port)}`;
}

/** Of what has ended the driver would wait for the end, and keep the process. What is not connected yet has nobody to take leave of. */
function isOver(stream: Socket | undefined): boolean {
  if (stream?.connecting === true) stream.destroy();
  return stream?.destroyed === true;
}

function heard<S extends Socket>(stream: S): S {
  return stream.on('error', () => undefined);
}
