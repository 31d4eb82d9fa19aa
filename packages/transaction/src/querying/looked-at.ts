import { MisuseError } from '@ormolu/kernel';
import type { Field, Registry } from '@ormolu/registry';
import { resolvePath } from '../reading/paths';

/** A path from a model to what a column holds: related fields are replaced by what they show. */
export interface Followed {
  /** Field names, `id` included, as a storage follows them. */
  readonly names: readonly string[];
  /** The fields along it, up to the last but `id`. */
  readonly fields: readonly Field[];
  /** The last field; undefined when the path ends in `id`. */
  readonly last: Field | undefined;
}

/** What a question looks at, gathered while it is put together. */
export class LookedAt {
  readonly registry: Registry;
  /** The fields on which the answer depends: what is pending of them must be written before. */
  readonly fields: Set<Field> = new Set();
  /** The fields that the asker named: access to these is checked. */
  readonly named: Set<Field> = new Set();

  constructor(registry: Registry) {
    this.registry = registry;
  }

  /**
   * Follows a path of field names.
   *
   * @throws {UnknownFieldError} FIELD_UNKNOWN with the nearest name
   * @throws {MisuseError} PATH_NOT_A_RELATION
   */
  follow(model: string, path: readonly string[]): Followed {
    const written = path.at(-1) === 'id' ? path.slice(0, -1) : path;
    // As it was written, so that an error speaks of that.
    for (const field of written.length > 0 ? resolvePath(this.registry, model, written) : []) this.named.add(field);
    const fields: Field[] = [];
    const names: string[] = [];
    const rest = [...path];
    let here = model;
    for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
      if (name === 'id') {
        names.push(name);
        if (rest.length > 0) throw new MisuseError('PATH_NOT_A_RELATION', `The path '${path.join('.')}' from ${model} cannot go on behind id. End the path there.`, { details: { model, path } });
        break;
      }
      const field = this.registry.field(here, name);
      if (field.related && !field.isStored) {
        rest.unshift(...field.related);
        continue;
      }
      fields.push(field);
      names.push(name);
      this.look(field);
      here = field.relation?.comodel ?? '';
    }
    return { names, fields, last: names.at(-1) === 'id' ? undefined : fields.at(-1) };
  }

  /** Notes that the answer depends on a field, and, of a list, on the other side of it. */
  look(field: Field): void {
    this.fields.add(field);
    if (field.relation?.kind === 'one2many') for (const inverse of this.registry.inversesOf(field)) this.fields.add(inverse);
  }
}
