import { createHash } from 'node:crypto';
import type { Patch } from 'immer';
import type { Definition } from './definition';

/** One step of a lineage of definitions, and the steps before it. Plain links: a step keeps what came before alive, never what came after. */
export interface History {
  readonly before: History | undefined;
  /** The version this step gave, and the definition it began with. */
  readonly version: number;
  readonly from: Definition;
  readonly patches: readonly Patch[];
}

const digests = new WeakMap<Definition, string>();

/** A short text that two definitions share when they say the same. @remarks Linear in the definition, once for each. */
export function digestOf(definition: Definition): string {
  let digest = digests.get(definition);
  if (digest === undefined) digests.set(definition, (digest = createHash('sha256').update(JSON.stringify(definition, sorted)).digest('base64url').slice(0, 22)));
  return digest;
}

/** Orders the keys of objects: two processes may have learnt them in different order. */
function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
