import { produceWithPatches, type Patch } from 'immer';
import type { Definition } from './definition';
import { ExtensionConflictError } from './errors';
import type { FunctionName } from './field-definition';
import type { Functions } from './functions';
import type { Operation } from './operations';

/**
 * A module's additions to models, as a value: joined by `models.with(…)`.
 *
 * `A` is what the compiler knows of them.
 */
export interface Extension<out A> {
  readonly name: string;
  readonly version: string;
  /** The modules that its definition builds on. */
  readonly requires: readonly string[];
  readonly said: readonly Operation[];
  /** Only the compiler reads this. */
  readonly $added?: A;
}

/** What modules are joined to. */
export interface JoinTarget {
  readonly definition: Definition;
  readonly functions: Functions;
  readonly joined: readonly Extension<unknown>[];
}

/** What comes of it. */
export interface Joined {
  readonly definition: { readonly definition: Definition; readonly patches: readonly Patch[] };
  readonly functions: Functions;
  readonly joined: readonly Extension<unknown>[];
}

/**
 * Joins modules to models: always in the same order, those that others build on first, then by name.
 *
 * @throws {ExtensionConflictError} REGISTRY_EXTENSION_CONFLICT
 */
export function joinModules({ definition, functions, joined }: JoinTarget, extensions: readonly Extension<unknown>[]): Joined {
  const fresh = inOrder([...new Set(extensions)].filter((extension) => !joined.includes(extension)));
  const all = [...joined, ...fresh];
  refuseConflicts(all);
  const operations = fresh.flatMap(({ said }) => said);
  const [next, patches] = produceWithPatches(definition, (draft) => {
    for (const { name, version, requires } of fresh) draft.modules[name] = { version, requires: [...requires] };
    for (const operation of operations) operation.apply(draft);
  });
  return { definition: { definition: next, patches }, functions: functions.with(operations.flatMap((operation) => operation.functions)), joined: all };
}

function inOrder(extensions: readonly Extension<unknown>[]): readonly Extension<unknown>[] {
  const byName = [...extensions].sort((a, b) => (a.name < b.name ? -1 : 1));
  const ordered = new Set<Extension<unknown>>();
  const add = (extension: Extension<unknown>): void => {
    if (ordered.has(extension)) return;
    // An extension's base existed before it, so this ends.
    for (const other of byName) if (extension.requires.includes(other.name) && other.name !== extension.name) add(other);
    ordered.add(extension);
  };
  for (const extension of byName) add(extension);
  return [...ordered];
}

function refuseConflicts(extensions: readonly Extension<unknown>[]): void {
  const claims = new Map<string, { by: Extension<unknown>; value: unknown }>();
  const conflicts = new Map<string, { one: string; other: string; parts: string[] }>();
  const note = (one: string, other: string, part: string): void => {
    const pair = conflicts.get(`${one}\n${other}`);
    if (!pair) conflicts.set(`${one}\n${other}`, { one, other, parts: [part] });
    else if (!pair.parts.includes(part)) pair.parts.push(part);
  };
  const names = new Map<string, Extension<unknown>>();
  for (const extension of extensions) {
    const namesake = names.get(extension.name);
    if (namesake) note(extension.name, extension.name, 'their own name');
    names.set(extension.name, extension);
    for (const operation of extension.said) {
      for (const [part, value] of operation.claims) {
        const earlier = claims.get(part);
        const isFree = !earlier || earlier.by === extension || extension.requires.includes(earlier.by.name) || isSame(earlier.value, value);
        if (!isFree && !earlier.by.requires.includes(extension.name)) note(earlier.by.name, extension.name, part);
        claims.set(part, { by: extension, value });
      }
    }
  }
  const [first] = conflicts.values();
  if (first) throw new ExtensionConflictError([first.one, first.other], first.parts);
}

/** Whether two modules say the same: functions never do. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b) && !isFunctionName(a);
}

function isFunctionName(value: unknown): value is FunctionName {
  return typeof value === 'object' && value !== null && '$function' in value;
}
