import { applyPatches, enablePatches, type Patch } from 'immer';
import type { Definition } from './definition';
import { ModelsMismatchError } from './errors';
import type { FunctionName } from './field-definition';
import type { DefinedFunction, FunctionTable } from './functions';
import { digestOf, type History } from './history';

enablePatches();

/** What changed between two versions of some models. Plain data: it survives JSON, and another process can apply it. */
export interface ModelsPatch {
  readonly from: number;
  readonly to: number;
  /** What the models must be before, and are afterwards. */
  readonly fromDigest: string;
  readonly toDigest: string;
  readonly patches: readonly Patch[];
}

/**
 * What changed since a version of the same lineage.
 *
 * @throws {ModelsMismatchError} REGISTRY_VERSION_UNKNOWN when this lineage never had the version
 */
export function patchesSince(since: number, { version, definition, history }: { readonly version: number; readonly definition: Definition; readonly history: History | undefined }): ModelsPatch {
  const steps: (readonly Patch[])[] = [];
  let from = definition;
  let here = version;
  for (let step = history; here > since && step; step = step.before) {
    steps.push(step.patches);
    from = step.from;
    here = step.before?.version ?? 1;
  }
  if (here !== since) {
    throw new ModelsMismatchError(
      'REGISTRY_VERSION_UNKNOWN',
      `These models are at version ${version} and have no version ${since} to tell what changed since: ask for one that patchesSince was given by an earlier registry of the same models.`,
      { details: { since, version } },
    );
  }
  return { from: since, to: version, fromDigest: digestOf(from), toDigest: digestOf(definition), patches: steps.reverse().flat() };
}

/** One version of some models, and how it came to be. */
interface Versioned {
  readonly version: number;
  readonly definition: Definition;
  readonly history: History | undefined;
}

/** What leads from one definition to another: the steps between when there are any, else the whole of the other. */
export function patchBetween(from: Versioned, to: Versioned): ModelsPatch {
  const fromDigest = digestOf(from.definition);
  try {
    const patch = patchesSince(from.version, to);
    if (patch.fromDigest === fromDigest) return patch;
  } catch (error) {
    // Of another lineage, or of an earlier version.
    if (!(error instanceof ModelsMismatchError)) throw error;
  }
  return { from: from.version, to: to.version, fromDigest, toDigest: digestOf(to.definition), patches: [{ op: 'replace', path: [], value: to.definition }] };
}

/**
 * Applies a patch from another process.
 *
 * @throws {ModelsMismatchError} REGISTRY_PATCH_MISFIT when the models are not those the patch was made from
 */
export function applyPatch(definition: Definition, patch: ModelsPatch): Definition {
  if (digestOf(definition) !== patch.fromDigest) {
    throw new ModelsMismatchError(
      'REGISTRY_PATCH_MISFIT',
      `The patch leads from version ${patch.from} to ${patch.to} of other models than these. Start both processes from the same program, or restart this one with the new models.`,
      { details: { from: patch.from, to: patch.to } },
    );
  }
  const patched = applyPatches(definition, patch.patches);
  if (digestOf(patched) !== patch.toDigest) {
    throw new ModelsMismatchError('REGISTRY_PATCH_MISFIT', `The patch from version ${patch.from} to ${patch.to} is damaged: it does not lead where it says. Ask for it again.`, {
      details: { from: patch.from, to: patch.to },
    });
  }
  return patched;
}

/**
 * Checks that this program has the modules of a definition, in the versions it names.
 *
 * @throws {ModelsMismatchError} REGISTRY_MODULE_MISSING, REGISTRY_MODULE_VERSION, naming the module
 */
export function assertModules({ modules }: Definition, known: ReadonlyMap<string, string>): void {
  for (const [name, { version }] of Object.entries(modules)) {
    const here = known.get(name);
    if (here === undefined) {
      throw new ModelsMismatchError('REGISTRY_MODULE_MISSING', `The models need the module '${name}' (version ${version}), which this program does not have. Import it and name it among the modules.`, {
        details: { module: name, version },
      });
    }
    if (here !== version) {
      throw new ModelsMismatchError('REGISTRY_MODULE_VERSION', `The models need version ${version} of the module '${name}'; this program has ${here}. Deploy the same version to all processes.`, {
        details: { module: name, version, here },
      });
    }
  }
}

/**
 * A function by name.
 *
 * @throws {ModelsMismatchError} REGISTRY_MODULE_MISSING naming module and function
 */
export function functionNamed(table: FunctionTable, { $module, $function }: FunctionName): DefinedFunction {
  const run = table.get($module)?.get($function);
  if (run) return run;
  throw new ModelsMismatchError(
    'REGISTRY_MODULE_MISSING',
    `The models need the function '${$function}' of the module '${$module}', which this program does not have. Import the module, in the version of the process the models came from.`,
    { details: { module: $module, function: $function } },
  );
}
