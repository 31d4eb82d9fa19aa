import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A PostgreSQL that one suite has for itself. */
export interface OwnPostgres {
  readonly url: string;
  /** All that the server has written to its log so far; it writes a moment later than it answers. */
  log(): string;
  /** Ends the server, sessions and all, and starts it again at the same address. @param how - `crash`: at once, without writing anything down */
  restart(how?: 'fast' | 'crash'): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL beside that of the run, for a suite that wants other settings or restarts it.
 * @param settings - `name=value`, as in postgresql.conf
 * @throws {Error} when none can be had; the message that says why has been printed
 * @remarks About two seconds. It goes when this process does, however that ends.
 */
export async function startOwnPostgres(settings: readonly string[] = []): Promise<OwnPostgres> {
  const server = spawn(process.execPath, [join(__dirname, '..', 'services', 'own-postgres.mjs'), ...settings], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('A PostgreSQL of its own could not be started; the reason is printed above.');
    return JSON.parse(line.value);
  };
  const { url, log } = await answer() as { readonly url: string; readonly log: string }; // as own-postgres.mjs prints it
  return {
    url,
    log: () => readFileSync(log, 'utf8'),
    async restart(how = 'fast') {
      server.stdin.write(how === 'fast' ? 'INT\n' : 'QUIT\n');
      await answer();
    },
    async stop() {
      server.stdin.end();
      await ended;
    },
  };
}
