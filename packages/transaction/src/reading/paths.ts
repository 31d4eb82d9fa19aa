import { MisuseError } from '@ormolu/kernel';
import type { Field, Registry } from '@ormolu/registry';

/**
 * Resolves a path of field names from a model on.
 *
 * @throws {UnknownFieldError} FIELD_UNKNOWN naming the part that is wrong and the nearest name
 * @throws {MisuseError} PATH_NOT_A_RELATION when the path goes on behind a field that leads nowhere
 */
export function resolvePath(registry: Registry, model: string, path: string | readonly string[]): readonly Field[] {
  const names = typeof path === 'string' ? path.split('.') : path;
  const fields: Field[] = [];
  let here = model;
  for (const [place, name] of names.entries()) {
    const field = registry.field(here, name);
    fields.push(field);
    if (place === names.length - 1) break;
    if (!field.relation) {
      throw new MisuseError(
        'PATH_NOT_A_RELATION',
        `The path '${names.join('.')}' from ${model} cannot go on behind ${here}.${name}, which is of kind ${field.kind} and no relation. End the path there.`,
        { details: { model, path: names.join('.'), field: name } },
      );
    }
    here = field.relation.comodel;
  }
  return fields;
}

/** The paths of a `load`, merged by common prefix: each level of a set is asked once. */
export interface PathTree {
  readonly fields: Map<Field, PathTree>;
}

/** @throws as {@link resolvePath} */
export function pathTree(registry: Registry, model: string, paths: readonly string[]): PathTree {
  const root: PathTree = { fields: new Map() };
  for (const path of paths) {
    // Ids are known of every record: such a path asks for the records it passes.
    const fields = path.replace(/(^|\.)id$/, '');
    if (fields !== '' || path === '') addPath(root, resolvePath(registry, model, fields));
  }
  return root;
}

/** Adds one resolved path to a tree. */
export function addPath(tree: PathTree, path: readonly Field[]): void {
  let here = tree;
  for (const field of path) {
    let next = here.fields.get(field);
    if (!next) here.fields.set(field, (next = { fields: new Map() }));
    here = next;
  }
}
