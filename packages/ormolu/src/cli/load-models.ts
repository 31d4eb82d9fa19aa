import { MisuseError } from '@ormolu/kernel';
import type { Models } from '@ormolu/registry';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Loads the models of a program from its module, CommonJS or ESM.
 *
 * Which models there are is known at run time only: their type says nothing.
 * @param file - exports `models`, itself or on its default export
 * @throws {MisuseError} CLI_MODELS when it is not there, cannot be loaded or exports none
 */
export async function loadModels(file: string): Promise<Models<never>> {
  const path = resolve(file);
  if (!existsSync(path)) throw new MisuseError('CLI_MODELS', `There is no file '${path}'. Give --models the module that exports 'models'.`);
  let found: unknown;
  try {
    found = await load(path);
  } catch (cause) {
    throw new MisuseError('CLI_MODELS', `The module '${path}' could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const models = modelsIn(found) ?? modelsIn((found as { readonly default?: unknown } | null)?.default);
  if (models === undefined) throw new MisuseError('CLI_MODELS', `The module '${path}' exports no 'models'. Export what defineModels() returned under that name.`);
  return models;
}

/** Through `require`, which takes both kinds of module and whatever the process has been taught, such as TypeScript. */
async function load(path: string): Promise<unknown> {
  try {
    return createRequire(path)(path) as unknown;
  } catch (error) {
    // A module that waits at its top can only be imported.
    if (!(error instanceof Error) || !('code' in error) || (error.code !== 'ERR_REQUIRE_ASYNC_MODULE' && error.code !== 'ERR_REQUIRE_ESM')) throw error;
    return import(pathToFileURL(path).href);
  }
}

function modelsIn(module: unknown): Models<never> | undefined {
  if (typeof module !== 'object' || module === null || !('models' in module)) return undefined;
  const { models } = module;
  // Another copy of the package makes other classes; `openOrmolu` looks at the rest.
  return typeof models === 'object' && models !== null && 'registry' in models ? models as Models<never> : undefined;
}
