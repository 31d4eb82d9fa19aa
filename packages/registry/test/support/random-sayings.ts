import { char, integer, many2many, many2one, one2many, reference, related, selection, type FieldDefinition, type ModelOptions } from '@ormolu/registry';
import * as fc from 'fast-check';
import { looseModels, type LooseModels } from './loose';

/** One thing that a module says of the models, as plain data, so that it can be said twice and looked at. */
export type Saying =
  | { readonly say: 'field'; readonly model: string; readonly field: string; readonly definition: FieldDefinition; readonly words: string }
  | { readonly say: 'compute'; readonly model: string; readonly fields: readonly string[]; readonly depends: readonly string[]; readonly words: string }
  | { readonly say: 'inverse' | 'search'; readonly model: string; readonly field: string; readonly words: string }
  | { readonly say: 'method' | 'override'; readonly model: string; readonly name: string; readonly words: string }
  | { readonly say: 'options'; readonly model: string; readonly options: ModelOptions; readonly words: string }
  | { readonly say: 'mixin'; readonly model: string; readonly from: string; readonly words: string }
  | { readonly say: 'delegate'; readonly model: string; readonly field: string; readonly words: string };

const models = fc.constantFrom('a', 'b', 'new');
const fields = fc.constantFrom('name', 'size', 'to', 'x', 'y');
const words = fc.stringMatching(/^[0-9a-f]{8}$/);

const definitions: fc.Arbitrary<FieldDefinition> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ required: fc.boolean(), store: fc.boolean(), description: fc.constantFrom('one', 'another'), size: fc.integer({ min: 3, max: 5 }), dependsContext: fc.constant(['lang']) }, { requiredKeys: [] }).map((options) => char(options)) },
  fc.record({ index: fc.boolean(), column: fc.constantFrom('c', 'd') }, { requiredKeys: [] }).map((options) => integer(options)),
  fc.subarray(['red', 'green', 'blue'], { minLength: 1 }).map((values) => selection(values)),
  fc.subarray(['a', 'b', 'new'], { minLength: 1 }).map((names) => reference(names)),
  fc.record({ required: fc.boolean(), onDelete: fc.constantFrom('cascade' as const, 'restrict' as const) }, { requiredKeys: [] }).chain((options) => fc.constantFrom('a', 'b', 'new').map((name) => many2one(name, options))),
  fc.constantFrom('a', 'b').map((name) => one2many(name, 'to')),
  fc.constantFrom('a', 'b').map((name) => many2many(name)),
  fc.constantFrom('to.name', 'to.x', 'name').map((path) => related(path)),
  fc.constantFrom(char({ default: () => 'made' }), integer({ default: 7 })),
);

const options: fc.Arbitrary<ModelOptions> = fc.record({
  table: fc.constantFrom('t', 'u'), idColumn: fc.constantFrom('id', 'key'), id: fc.constantFrom('integer' as const, 'uuid' as const), order: fc.constantFrom(['name'], ['-size', 'name'], ['to.name']),
  versioned: fc.boolean(), abstract: fc.boolean(), parent: fc.constantFrom('to', 'x'), description: fc.constantFrom('one', 'another'),
}, { requiredKeys: [] });

/** Anything that a module may say. Much of it fits together, much does not. */
export const anySaying: fc.Arbitrary<Saying> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ say: fc.constant('field' as const), model: models, field: fields, definition: definitions, words }) },
  { weight: 2, arbitrary: fc.record({ say: fc.constant('compute' as const), model: models, fields: fc.uniqueArray(fields, { minLength: 1, maxLength: 2 }), depends: fc.subarray(['name', 'size', 'to.name', 'to.x']), words }) },
  fc.record({ say: fc.constantFrom('inverse' as const, 'search' as const), model: models, field: fields, words }),
  { weight: 2, arbitrary: fc.record({ say: fc.constantFrom('method' as const, 'override' as const), model: models, name: fc.constantFrom('grow', 'shrink'), words }) },
  fc.record({ say: fc.constant('options' as const), model: models, options, words }),
  fc.record({ say: fc.constant('mixin' as const), model: models, from: models, words }),
  fc.record({ say: fc.constant('delegate' as const), model: models, field: fields, words }),
);

/** What every program of these begins with. */
export function smallBase(): LooseModels {
  return looseModels({
    a: { name: char({ required: true }), size: integer(), to: many2one('b') },
    b: { name: char(), size: integer(), to: many2one('a'), as: one2many('a', 'to'), as2: many2many('a') },
    other: { name: char(), a: many2one('a'), shown: related('a.name') },
  });
}

/** Says it. Functions give their own words back, so that one sees which of them a registry has. */
export function sayTo(target: LooseModels, saying: Saying): LooseModels {
  const { model, words: own } = saying;
  const run = (): string => own;
  switch (saying.say) {
    case 'field':
      return target.extend({ [model]: { [saying.field]: saying.definition } });
    case 'compute':
      return saying.fields.length > 1 ? target.computeBatch(model, saying.fields, saying.depends, run) : target.compute(model, saying.fields[0] ?? '', saying.depends, run);
    case 'inverse':
      return target.inverse(model, saying.field, run);
    case 'search':
      return target.search(model, saying.field, run);
    case 'method':
      return target.method(model, { [saying.name]: run });
    case 'override':
      return target.override(model, (previous) => ({ [saying.name]: () => `${own} before ${String(previous[saying.name]?.())}` }));
    case 'options':
      return target.options(model, saying.options);
    case 'mixin':
      return target.mixin(model, saying.from);
    case 'delegate':
      return target.delegate(model, saying.field);
  }
}

/** The parts that it is about, and what it says of them: two modules may say the same of a part. Undefined is a function, which is never the same. */
export function claimsOf(saying: Saying): readonly (readonly [part: string, value: string | undefined])[] {
  const { model } = saying;
  switch (saying.say) {
    case 'field': {
      const { kind, comodel, inverse, path, options: { values: _, models: __, ...rest } } = saying.definition;
      return Object.entries({ kind, comodel, inverse, path, ...rest }).filter(([, value]) => value !== undefined)
        .map(([name, value]) => [`${model}.${saying.field} (${name})`, typeof value === 'function' ? undefined : JSON.stringify(value)] as const);
    }
    case 'compute':
      return saying.fields.map((field) => [`${model}.${field} (compute)`, undefined] as const);
    case 'inverse':
    case 'search':
      return [[`${model}.${saying.field} (${saying.say})`, undefined]];
    case 'method':
    case 'override':
      return [[`${model}.${saying.name}()`, undefined]];
    case 'options':
      return Object.entries(saying.options).map(([name, value]) => [`${model} (${name})`, JSON.stringify(value)] as const);
    case 'mixin':
    case 'delegate':
      return [];
  }
}
