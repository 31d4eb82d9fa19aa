import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, BackendEntry } from '../backend/backend';

/** The functions of a test runner: those of jest, vitest or `node:test`. */
export interface ComplianceRunner {
  readonly describe: (name: string, body: () => void) => void;
  readonly test: (name: string, body: () => Promise<void>) => void;
  readonly beforeAll: (body: () => Promise<void>) => void;
  readonly afterAll: (body: () => Promise<void>) => void;
}

/** Whose backend is tried. */
export interface BackendTarget {
  /** For the names of tests. */
  readonly name: string;
  /** Makes a connection to the server; several are made, all to the same one. They are closed at the end. */
  readonly create: () => Backend | Promise<Backend>;
}

/** Two connections to the server, and keys nobody else has. */
export class BackendFixture {
  readonly #target: BackendTarget;
  readonly #prefix = `compliance-${randomBytes(6).toString('hex')}:`;
  readonly #made: Backend[] = [];
  #keys = 0;

  constructor(target: BackendTarget) {
    this.#target = target;
  }

  readonly backend = (): Backend => this.#at(0);
  readonly another = (): Backend => this.#at(1);
  readonly key = (): string => `${this.#prefix}${String((this.#keys += 1))}:`;

  /** One more connection, once it answers. */
  readonly created = async (): Promise<Backend> => {
    const backend = await this.#target.create();
    this.#made.push(backend);
    for (const end = performance.now() + 10_000; ;) {
      try {
        await backend.check();
        return backend;
      } catch (error) {
        if (performance.now() > end) throw error;
        await sleep(10);
      }
    }
  };

  async open(): Promise<void> {
    await this.created();
    await this.created();
  }

  async close(): Promise<void> {
    await Promise.all(this.#made.map((backend) => backend.close()));
  }

  #at(place: number): Backend {
    const backend = this.#made[place];
    if (backend) return backend;
    throw new Error('The backend was not opened: does beforeAll run?');
  }
}

export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

export function entryOf(key: string, text: string, ttlMs = 60_000): BackendEntry {
  return { key, value: bytesOf(text), ttlMs };
}

export async function textsOf(backend: Backend, keys: readonly string[]): Promise<readonly (string | undefined)[]> {
  return (await backend.getMany(keys)).map((value) => (value ? Buffer.from(value).toString('utf8') : undefined));
}
