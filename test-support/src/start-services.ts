import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';

/** The servers of this run. */
export interface Services {
  /** The variables that say where the servers are (`DATABASE_URL`), those that were set before left out. */
  readonly env: Readonly<Record<string, string>>;
  /** The server processes, for those who want to see them gone. */
  readonly servers: readonly { readonly name: string; readonly pid: number }[];
  /** The process that owns the servers. */
  readonly supervisorPid: number;
  /** Stops the servers and resolves when they are gone. */
  stop(): Promise<void>;
}

/**
 * Starts the servers that tests and benches need, on free loopback ports, for as long as this process lives: when it dies in any way,
 * kill -9 included, they are stopped. A server whose variable (`DATABASE_URL`) is set already is only tried, not started.
 *
 * The variables are set in `process.env` too.
 * @throws {Error} when a server cannot be had; the message that says what to do has been printed
 * @remarks About a second. The handles do not keep this process alive.
 */
export async function startServices(): Promise<Services> {
  const supervisor = spawn(process.execPath, [join(__dirname, '..', 'services', 'supervisor.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // A group of its own: Ctrl-C in the terminal reaches us, and the servers go when we have finished with them.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => supervisor.on('exit', () => resolve()));
  const ready = new Promise<string>((resolve, reject) => {
    let text = '';
    supervisor.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.endsWith('\n')) resolve(text);
    });
    void ended.then(() => reject(new Error('The test servers could not be started; the reason is printed above.')));
  });
  // What the supervisor prints as its first and only line.
  const { env, servers } = JSON.parse(await ready) as Pick<Services, 'env' | 'servers'>;
  Object.assign(process.env, env);
  supervisor.unref();
  // Pipes to a child are sockets; their types say only that they are streams.
  for (const pipe of [supervisor.stdin, supervisor.stdout]) (pipe as Socket).unref();
  return {
    env,
    servers,
    // Set for every process that did start, and this one has answered.
    supervisorPid: supervisor.pid as number,
    async stop() {
      supervisor.ref();
      supervisor.stdin.end();
      await ended;
      for (const variable of Object.keys(env)) Reflect.deleteProperty(process.env, variable);
    },
  };
}
