import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { char, defineModels, extension, type ModelsPatch } from '@ormolu/registry';
import { registryOf } from './support/described';
import { base, mayors, states } from './support/two-processes';

const root = join(__dirname, '../../..');

/** What a process of its own makes of a patch, with these of its modules. */
function followed(patch: ModelsPatch, modules: readonly string[]): unknown {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--conditions=@ormolu/source', '--require', './scripts/ts-node.cjs', join(__dirname, 'support/second-process.ts')], {
    cwd: root, encoding: 'utf8', input: JSON.stringify({ patch, modules }),
  });
  expect([status, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

/** An error of this code. */
function withCode(code: string): Error {
  return expect.objectContaining({ code }) as Error;
}

describe('a patch in a second process', () => {
  const newest = base.with(mayors, states);
  const patch = newest.registry().patchesSince(base.version);

  test('leads to the same registry, functions included', () => {
    const seen = JSON.parse(JSON.stringify(registryOf(newest.registry()))) as unknown;
    expect(followed(patch, ['states', 'mayors'])).toEqual({ version: newest.version, definition: newest.definition, seen });
    expect(seen).toMatchObject({ models: { city: { methods: { grow: 'closed, or grown by the base' }, fields: { label: { compute: { words: 'label by mayors' } }, epoch: { default: new Date(0).toJSON() } } } } });
  });

  test('is refused by a program without one of the modules, which is named', () => {
    expect(followed(patch, ['states'])).toEqual({ code: 'REGISTRY_MODULE_MISSING', message: expect.stringContaining("need the module 'mayors' (version 0)") as unknown });
  });

  test('is refused by a program with another version of a module', () => {
    expect(followed(patch, ['mayors', 'olderStates'])).toEqual({ code: 'REGISTRY_MODULE_VERSION', message: expect.stringContaining("need version 2 of the module 'states'; this program has 1") as unknown });
  });

  test('is refused when the models there are others', () => {
    const others = base.extend({ city: { code: char() } });
    expect(followed(others.with(mayors).registry().patchesSince(others.version), ['mayors'])).toMatchObject({ code: 'REGISTRY_PATCH_MISFIT' });
  });

  test('is refused when a function that it names is not there, which is named with its module', () => {
    const { patches, ...rest } = patch;
    const text = JSON.stringify(patches).replaceAll('"1: compute city.label"', '"9: compute city.label"');
    expect(followed({ ...rest, patches: JSON.parse(text) as typeof patches }, ['states', 'mayors'])).toMatchObject({ code: 'REGISTRY_PATCH_MISFIT', message: expect.stringContaining('damaged') as unknown });
    const said = base.compute('city', 'label', ['name'], () => 'said after the base');
    expect(followed(said.registry().patchesSince(base.version), [])).toMatchObject({ code: 'REGISTRY_MODULE_MISSING', message: expect.stringMatching(/'3: compute city\.label' of the module 'models'/) as unknown });
  });
});

test('a version that the lineage never had is refused by number', () => {
  const registry = base.with(mayors).registry();
  for (const version of [0, -1, 99, 2.5, NaN]) expect(() => registry.patchesSince(version)).toThrow(withCode('REGISTRY_VERSION_UNKNOWN'));
  expect(registry.patchesSince(registry.version).patches).toEqual([]);
});

test('models of another lineage are refused though their version numbers agree', () => {
  const others = defineModels({ plant: { name: char() } });
  const patch = defineModels({ animal: { name: char() } }).extend({ animal: { legs: char() } }).registry().patchesSince(1);
  expect(() => others.patched(patch)).toThrow(withCode('REGISTRY_PATCH_MISFIT'));
});

test('what was followed may be extended, joined and told on', () => {
  const here = base.patched(base.with(mayors).registry().patchesSince(base.version), [mayors]);
  const further = here.with(states);
  expect(registryOf(further.registry())).toEqual(registryOf(base.with(mayors).with(states).registry()));
  const third = base.patched(further.registry().patchesSince(base.version), [mayors, states]);
  expect(third.definition).toEqual(further.definition);
});

test('a module whose functions nobody needs yet is joined all the same', () => {
  const plain = extension('plain', base, (models) => models.extend({ city: { code: char() } }));
  const here = base.patched(base.with(plain).registry().patchesSince(base.version), [plain, mayors]);
  expect(Object.keys(here.definition.modules).sort()).toEqual(['models', 'plain']);
  expect(() => here.with(plain)).not.toThrow();
});
