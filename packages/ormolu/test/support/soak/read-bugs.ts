import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A way to break the engine: in each of the files, what stands there once becomes something else. */
export interface Bug {
  readonly name: string;
  /** Only seen where processes share a cache. */
  readonly shared?: boolean;
  /** Seen only behind alterations of tables, and not behind each: they come when so many answers were compared. */
  readonly alteredEach?: number;
  readonly pieces: readonly { readonly file: string; readonly from: string; readonly to: string }[];
}

/** Every bug that the soak must find; break.cjs puts them in. */
export const bugs = JSON.parse(readFileSync(join(__dirname, 'bugs.json'), 'utf8')) as readonly Bug[]; // our own file
