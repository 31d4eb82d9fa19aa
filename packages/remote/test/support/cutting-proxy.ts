import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A proxy on loopback that cuts a connection where a test says: when the client sends something next, or when the server does. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  /** What the next bytes are to meet. `mute`: nothing more comes through, and nobody is told. */
  cutsAt: 'request' | 'answer' | 'mute' | undefined;

  /** How many pass in 10 ms. @defaultValue all that there are */
  bytesAtOnce: number | undefined;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((client) => { this.#serve(client); });
  }

  static async before(port: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port);
    await new Promise<void>((resolve) => { proxy.#server.listen(0, '127.0.0.1', resolve); });
    return proxy;
  }

  get url(): string {
    return `tcp://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => { this.#server.close(() => { resolve(); }); });
  }

  #serve(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1');
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', cut);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        cut();
      });
    }
    const pass = (at: 'request' | 'answer', to: Socket) => (bytes: Buffer): void => {
      if (this.cutsAt === 'mute') return;
      if (this.cutsAt !== at) {
        to.write(bytes);
        if (this.bytesAtOnce !== undefined) {
          const from = to === client ? server : client;
          from.pause();
          setTimeout(() => { from.resume(); }, 10 * bytes.length / this.bytesAtOnce);
        }
        return;
      }
      this.cutsAt = undefined;
      cut();
    };
    client.on('data', pass('request', server));
    server.on('data', pass('answer', client));
  }
}
