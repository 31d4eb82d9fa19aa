import { readFileSync } from 'node:fs';
import { OrmoluError } from '@ormolu/kernel';
import type { Extension, ModelsPatch } from '@ormolu/registry';
import { registryOf } from './described';
import { loose } from './loose';
import { base, mayors, olderStates, states } from './two-processes';

/** Follows a patch from its standard input with the modules it is given by name, and prints what comes of it. */
const program: Readonly<Record<string, Extension<unknown>>> = { mayors, states, olderStates };
const { patch, modules } = JSON.parse(readFileSync(0, 'utf8')) as { patch: ModelsPatch; modules: readonly string[] };
try {
  const registry = loose(base).patched(patch, modules.flatMap((name) => program[name] ?? [])).registry();
  print({ version: registry.version, definition: registry.definition, seen: registryOf(registry) });
} catch (error) {
  if (!OrmoluError.is(error)) throw error;
  print({ code: error.code, message: error.message });
}

function print(value: unknown): void {
  process.stdout.write(JSON.stringify(value));
}
