import { defineModels, type Extension, type FieldDefinition, type ModelOptions, type ModelsPatch, type Registry, extension as typedExtension } from '@ormolu/registry';

/** A function of a definition whose parameters nobody checks. */
type Run = (...args: never[]) => unknown;

/**
 * Models as a program sees them that gets its names and paths from elsewhere: generated, or read from a file.
 *
 * The compiler refuses most of what such programs may say; setup has to.
 */
export interface LooseModels {
  readonly version: number;
  readonly definition: Registry['definition'];
  registry(): Registry;
  extend(models: Readonly<Record<string, Readonly<Record<string, FieldDefinition>>>>): LooseModels;
  compute(model: string, field: string, depends: readonly string[], run: Run): LooseModels;
  computeBatch(model: string, fields: readonly string[], depends: readonly string[], run: Run): LooseModels;
  inverse(model: string, field: string, run: Run): LooseModels;
  search(model: string, field: string, run: Run): LooseModels;
  method(model: string, methods: Readonly<Record<string, Run>>): LooseModels;
  override(model: string, replace: (previous: Readonly<Record<string, Run>>) => Readonly<Record<string, Run>>): LooseModels;
  options(model: string, options: ModelOptions): LooseModels;
  mixin(model: string, from: string): LooseModels;
  delegate(model: string, field: string): LooseModels;
  with(...extensions: readonly Extension<unknown>[]): LooseModels;
  patched(patch: ModelsPatch, modules?: readonly Extension<unknown>[]): LooseModels;
}

/** Models without what the compiler knows of them. */
export function loose(models: unknown): LooseModels {
  // Nothing is lost but types: every method is there, with fewer demands.
  return models as LooseModels;
}

/** `defineModels` of what the compiler knows nothing of. */
export function looseModels(models: Readonly<Record<string, Readonly<Record<string, FieldDefinition>>>>, options?: { module?: string; version?: string }): LooseModels {
  return loose((defineModels as (models: unknown, options?: unknown) => unknown)(models, options));
}

/** `extension` of the same. */
export function looseExtension(name: string, base: LooseModels, build: (models: LooseModels) => LooseModels, options?: { version?: string }): Extension<unknown> {
  return (typedExtension as (name: string, base: unknown, build: unknown, options?: unknown) => Extension<unknown>)(name, base, build, options);
}
