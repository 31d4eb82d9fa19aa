import type { IdType } from '@ormolu/kernel';
import type { FieldDefinition, KindOptions } from '../field-definition';
import type { FieldKind } from './field-kind';
import { referenceKind, toManyKind, toOneKind } from './relations';
import { scalarKinds } from './scalars';

const RELATIONS: readonly string[] = ['many2one', 'one2many', 'many2many', 'reference'];

/** The names of all kinds. A related field is of the kind of what it shows. */
export const KIND_NAMES: readonly string[] = [...Object.keys(scalarKinds), ...RELATIONS];

const made = new Map<string, FieldKind>();

/**
 * The kind of a field. Fields whose values are taken and given in the same way share one.
 *
 * @returns undefined when there is no such kind
 */
export function kindOf({ kind, comodel = '', options }: FieldDefinition, idTypeOf: (model: string) => IdType): FieldKind | undefined {
  if (!RELATIONS.includes(kind)) return scalarKind(kind, options);
  const at = (model: string): { model: string; idType: IdType } => ({ model, idType: idTypeOf(model) });
  const comodels = kind === 'reference' ? (options.models ?? []).map(at) : [at(comodel)];
  return shared(`${kind} ${JSON.stringify(comodels)}`, () => {
    const [first = at(comodel)] = comodels;
    if (kind === 'reference') return referenceKind(comodels);
    return kind === 'many2one' ? toOneKind(first) : toManyKind(kind === 'one2many' ? 'one2many' : 'many2many', first);
  });
}

function scalarKind(kind: string, options: KindOptions): FieldKind | undefined {
  const make = Object.hasOwn(scalarKinds, kind) ? scalarKinds[kind] : undefined;
  if (!make) return undefined;
  const { size, precision, scale, values } = options;
  // Words of a selection are many and its own: such kinds are not worth keeping.
  return values ? make(options) : shared(`${kind} ${String(size)} ${String(precision)} ${String(scale)}`, () => make(options));
}

function shared(key: string, make: () => FieldKind): FieldKind {
  let kind = made.get(key);
  if (!kind) made.set(key, (kind = make()));
  return kind;
}
