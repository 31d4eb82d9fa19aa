import { createRequire } from 'node:module';

/** What hand-written SQL on the embedded engine uses of it. */
export interface Engine {
  exec(text: string): Promise<unknown>;
  query(text: string, parameters?: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
  close(): Promise<void>;
}

/** The very engine that our storage runs on, without our storage. */
export function createEngine(): Promise<Engine> {
  const { PGlite } = createRequire(require.resolve('@ormolu/storage/pglite'))('@electric-sql/pglite') as { PGlite: { create(): Promise<Engine> } };
  return PGlite.create();
}
