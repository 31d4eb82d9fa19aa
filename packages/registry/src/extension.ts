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
  const before = new Set(joined);
  const fresh = inOrder([...new Set(extensions)].filter((extension) => !before.has(extension)));
  const all = [...joined, ...fresh];
  // Functions are known by their module's name, so that of what the definition began with is taken, too.
  const names = new Set(joined.map(({ name }) => name));
  const own = Object.keys(definition.modules).filter((name) => !names.has(name));
  refuseConflicts(all, own);
  const operations = fresh.flatMap(({ said }) => said);
  const [next, patches] = produceWithPatches(definition, (draft) => {
    for (const { name, version, requires } of fresh) draft.modules[name] = { version, requires: [...requires] };
    for (const operation of operations) operation.apply(draft);
  });
  return { definition: { definition: next, patches }, functions: functions.with(operations.flatMap((operation) => operation.functions)), joined: all };
}

function inOrder(extensions: readonly Extension<unknown>[]): readonly Extension<unknown>[] {
  const byName = new Map<string, Extension<unknown>[]>();
  for (const extension of [...extensions].sort((a, b) => (a.name < b.name ? -1 : 1))) byName.set(extension.name, [...(byName.get(extension.name) ?? []), extension]);
  const ordered = new Set<Extension<unknown>>();
  const entered = new Set<Extension<unknown>>();
  // The next one is at the end. On a stack of its own: modules build on one another in chains as long as programs make them.
  const stack = [...byName.values()].flat().reverse();
  for (let extension = stack.at(-1); extension; extension = stack.at(-1)) {
    if (entered.has(extension)) {
      ordered.add(extension);
      stack.pop();
      continue;
    }
    entered.add(extension);
    const { name, requires } = extension;
    // An extension's base existed before it, so this ends.
    for (const other of [...requires].sort().reverse()) if (other !== name) stack.push(...(byName.get(other) ?? []).filter((one) => !entered.has(one)));
  }
  return [...ordered];
}

function refuseConflicts(extensions: readonly Extension<unknown>[], taken: readonly string[]): void {
  const claims = new Map<string, { readonly by: Extension<unknown>; readonly value: unknown }[]>();
  const conflicts = new Map<string, { readonly modules: readonly [string, string]; readonly parts: Set<string> }>();
  const note = (modules: readonly [string, string], part: string): void => {
    const key = modules.join('\n');
    let conflict = conflicts.get(key);
    if (!conflict) conflicts.set(key, (conflict = { modules, parts: new Set() }));
    conflict.parts.add(part);
  };
  const names = new Set(taken);
  for (const extension of extensions) {
    if (names.has(extension.name)) note([extension.name, extension.name], 'their own name');
    names.add(extension.name);
    // What a module says first and takes back later concerns nobody else.
    const said = new Map(extension.said.flatMap((operation) => operation.claims));
    for (const [part, value] of said) {
      let claimants = claims.get(part);
      if (!claimants) claims.set(part, (claimants = []));
      for (const { by, value: other } of claimants) {
        if (!extension.requires.includes(by.name) && !by.requires.includes(extension.name) && !isSame(other, value)) note([by.name, extension.name], part);
      }
      claimants.push({ by: extension, value });
    }
  }
  const [first] = conflicts.values();
  if (first) throw new ExtensionConflictError(first.modules, [...first.parts]);
}

/** Whether two modules say the same: functions never do. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b) && !isFunctionName(a);
}

function isFunctionName(value: unknown): value is FunctionName {
  return typeof value === 'object' && value !== null && '$function' in value;
}
