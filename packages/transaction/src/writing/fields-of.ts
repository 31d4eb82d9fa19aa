import type { Field, Model } from '@ormolu/registry';

/** Finds fields of a model, once for all of its records. */
export function fieldsOf(wanted: (field: Field) => boolean): (model: Model) => readonly Field[] {
  const known = new WeakMap<Model, readonly Field[]>();
  return (model) => {
    let fields = known.get(model);
    if (!fields) {
      fields = [...model.fields.values()].filter(wanted);
      known.set(model, fields);
    }
    return fields;
  };
}
