import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A proxy on loopback before a cache server: what passes keeps its order on its connection, and takes as long as it is told. */
export class DelayingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #port: number;
  /** How long the next bytes stay here, on their way there and back. */
  delayMs: () => number = () => 0;

  private constructor(port: number) {
    this.#port = port;
    this.#server = createServer((client) => this.#serve(client));
  }

  static async before(port: number): Promise<DelayingProxy> {
    const proxy = new DelayingProxy(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // it listens on a port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(client: Socket): void {
    const server = connect(this.#port, '127.0.0.1');
    const end = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const [from, to] of [[client, server], [server, client]] as const) {
      // One after the other: of two timers, the later may be the first to ring.
      let passed: Promise<unknown> = Promise.resolve();
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (bytes) => {
        const dueMs = performance.now() + this.delayMs();
        passed = passed.then(() => sleep(Math.max(0, dueMs - performance.now()), undefined, { ref: false })).then(() => to.write(bytes));
      });
      from.on('error', end);
      from.on('close', () => {
        this.#sockets.delete(from);
        end();
      });
    }
  }
}
