import type { Field, Model, Registry } from '@ormolu/registry';
import type { LooseModels } from './loose';
import { problemsOf } from './problems-of';

/** Everything that can be seen of a version of models, as plain data: the same text in every process. */
export function described(models: LooseModels): unknown {
  const problems = problemsOf(models);
  if (problems.length > 0) return { problems: problems.map((problem) => JSON.stringify(problem)).sort() };
  return registryOf(models.registry());
}

/** Everything that can be seen of a registry. Functions are called: those of tests give their own words. */
export function registryOf(registry: Registry): unknown {
  return {
    models: Object.fromEntries([...registry.models].sort(byName).map(([name, model]) => [name, modelOf(registry, model)])),
    tables: JSON.parse(JSON.stringify([...registry.schema.tables].sort((a, b) => (a.model < b.model ? -1 : 1)))) as unknown,
  };
}

function modelOf(registry: Registry, { fields, methods, ...rest }: Model): unknown {
  return {
    ...(JSON.parse(JSON.stringify(rest)) as object),
    methods: Object.fromEntries([...methods].sort(byName).map(([name, run]) => [name, run(undefined)])),
    fields: Object.fromEntries([...fields].sort(byName).map(([name, field]) => [name, fieldOf(registry, field)])),
  };
}

function fieldOf(registry: Registry, field: Field): unknown {
  const { index: _, compute, inverse, search, default: value, options: { default: __, ...options }, ...rest } = field;
  const words = (run: ((...args: never[]) => unknown) | undefined): unknown => (run === undefined || field.related ? run !== undefined : run());
  return {
    ...(JSON.parse(JSON.stringify({ ...rest, options })) as object),
    compute: compute && { fields: compute.fields.map(String).sort(), isBatch: compute.isBatch, depends: compute.depends, words: words(compute.run) },
    inverse: words(inverse), search: words(search),
    default: typeof value === 'function' ? (value as () => unknown)() : value,
    dependsOn: registry.dependsOn(field).map((path) => path.map(String).join('.')),
    inverses: registry.inversesOf(field).map(String).sort(),
    triggers: treeOf(registry, field),
  };
}

function treeOf(registry: Registry, field: Field): unknown {
  const plain = ({ targets, branches }: ReturnType<Registry['triggersOf']>): unknown => ({
    targets: targets.map(String).sort(), branches: Object.fromEntries([...branches].map(([key, tree]) => [key.toString(), plain(tree)] as const).sort(byName)),
  });
  return plain(registry.triggersOf(field));
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
