import type { FieldDefinition, KindOptions } from '../field-definition';
import type { Expansion } from './expand';
import { remedyFor, type Problems } from './problems';

/** The options a related field takes from the field it shows: those of its values' form, and none of how they are kept. */
const SHOWN = ['size', 'precision', 'scale', 'values', 'models'] as const;

const KIND_OF_ID = { integer: 'integer', bigint: 'bigint', uuid: 'uuid', text: 'text' } as const;

/**
 * The definition of a related field as that of a field of the kind it shows.
 *
 * @returns undefined when its path is broken; `problems` then says how
 */
export function relatedDefinition(expansion: Expansion, where: { readonly model: string; readonly field: string }, definition: FieldDefinition, problems: Problems): FieldDefinition | undefined {
  const contexts = new Set<string>();
  const target = shownBy(expansion, where, definition, problems, { above: [], contexts });
  if (!target) return undefined;
  const shown: { -readonly [K in keyof KindOptions]: KindOptions[K] } = Object.fromEntries(SHOWN.flatMap((name) => (target.options[name] === undefined ? [] : [[name, target.options[name]]])));
  if (contexts.size > 0) shown.dependsContext = [...contexts];
  // Related fields are written through, unless the field they show is read-only by its own word.
  if (target.options.readonly === true) shown.readonly = true;
  const { comodel, inverse } = target;
  return { kind: target.kind, path: definition.path, ...(comodel === undefined ? {} : { comodel }), ...(inverse === undefined ? {} : { inverse }), options: { store: false, ...shown, ...definition.options } };
}

/** What a walk along paths gathers. */
interface Trail {
  /** The related fields it is in the middle of. */
  readonly above: readonly string[];
  /** The context keys that any value on its way depends on. */
  readonly contexts: Set<string>;
}

function contextsOf({ options }: FieldDefinition): readonly string[] {
  if (options.companyDependent === true) return ['company'];
  return options.translate === true ? ['lang'] : (options.dependsContext ?? []);
}

// The path is walked with what a message needs; related fields may show related fields.
// eslint-disable-next-line max-params
function shownBy(expansion: Expansion, where: { readonly model: string; readonly field: string }, { path = '' }: FieldDefinition, problems: Problems, trail: Trail): FieldDefinition | undefined {
  const names = path.split('.');
  const { above, contexts } = trail;
  let model: string = where.model;
  for (const [place, name] of names.entries()) {
    const isLast = place === names.length - 1;
    if (name === 'id' && isLast && place > 0) return { kind: KIND_OF_ID[expansion.idTypeOf(model)], options: { readonly: true } };
    const fields = expansion.model(model, where.model)?.fields;
    const found = fields?.get(name);
    if (!found) {
      problems.add(where, `its path '${path}' is broken: ${model} has no field '${name}'.`, remedyFor(name, fields?.keys() ?? [], 'Mend the path, or define the field.'));
      return undefined;
    }
    const key = `${model}.${name}`;
    if (above.includes(key)) {
      problems.add(where, `it shows itself, by way of ${[...above, key].join(' → ')}.`, 'Let the path end in a field that holds a value.');
      return undefined;
    }
    const step = found.kind === 'related' ? shownBy(expansion, { ...where, model }, found, problems, { above: [...above, key], contexts }) : found;
    for (const context of contextsOf(found)) contexts.add(context);
    if (!step || isLast) return step;
    if (step.kind !== 'many2one') {
      problems.add(where, `its path '${path}' goes on after ${key}, which is no many2one.`, 'Compute the value instead: of a list there is more than one.');
      return undefined;
    }
    model = step.comodel ?? '';
  }
  return undefined;
}
