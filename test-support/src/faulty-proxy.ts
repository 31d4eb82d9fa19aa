import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Where and how a connection is to break, or how it is to stutter. */
export interface Fault {
  /** Breaks when the client sends these bytes: before the server has seen them, or after it has answered them. */
  readonly on?: string;
  readonly when?: 'before' | 'after answer';
  /** Breaks when so many bytes of answers have passed since it was set. */
  readonly answerBytes?: number;
  /** Passes answers on in pieces of this many bytes. */
  readonly pieces?: number;
}

/** A proxy on loopback before a PostgreSQL server, which breaks connections where a test says. */
export class FaultyProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #target: URL;
  fault: Fault = {};

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((client) => this.#serve(client));
  }

  static async before(url: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(url);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const url = new URL(this.#target);
    url.host = `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
    return url.href;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(client: Socket): void {
    const server = connect(Number(this.#target.port), this.#target.hostname);
    let breaksOnAnswer = false;
    let passed = 0;
    const end = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    client.on('data', (bytes) => {
      if (this.fault.on !== undefined && bytes.includes(this.fault.on)) {
        if (this.fault.when === 'before') {
          end();
          return;
        }
        breaksOnAnswer = true;
      }
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      passed += bytes.length;
      if (breaksOnAnswer || (this.fault.answerBytes !== undefined && passed > this.fault.answerBytes)) {
        end();
        return;
      }
      const { pieces = bytes.length } = this.fault;
      for (let at = 0; at < bytes.length; at += pieces) client.write(bytes.subarray(at, at + pieces));
    });
  }
}
