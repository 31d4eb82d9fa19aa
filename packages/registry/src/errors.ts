import { MisuseError, typeName } from '@ormolu/kernel';

/** A value that a field of this kind cannot hold. */
export class FieldValueError extends MisuseError {
  /** @param given - the value; only its type is told */
  constructor(field: { readonly model: string; readonly name: string; readonly kind: string }, expected: string, given: unknown) {
    super(
      'FIELD_VALUE_INVALID',
      `${field.model}.${field.name} is of kind ${field.kind} and takes ${expected}; it was given ${typeName(given)}. Convert the value before you write it.`,
      { details: { model: field.model, field: field.name, kind: field.kind, value: given } },
    );
  }
}

/** A field that the server keeps from this program. */
export class HiddenFieldError extends MisuseError {
  constructor(model: string, field: string) {
    super(
      'TX_ACCESS',
      `This user may not see ${model}.${field}: the server that this program is a client of keeps it from him. Leave the field out, or let a program with a worker's token ask.`,
      { details: { model, field } },
    );
  }
}

/** One thing wrong with the models, and what to do about it. */
export interface SetupProblem {
  readonly model: string;
  readonly field?: string;
  readonly problem: string;
  readonly remedy: string;
}

/** The models do not fit together. Lists everything that is wrong, not only the first. */
export class ModelSetupError extends MisuseError {
  readonly problems: readonly SetupProblem[];

  constructor(problems: readonly SetupProblem[]) {
    const lines = problems.map(({ model, field, problem, remedy }) => `  ${model}${field === undefined ? '' : `.${field}`}: ${problem} ${remedy}`);
    super('REGISTRY_SETUP_FAILED', `The models have ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${lines.join('\n')}`, { details: { problems } });
    this.problems = problems;
  }
}

/** Two modules say different things of the same part of a model, and neither builds on the other. */
export class ExtensionConflictError extends MisuseError {
  /** @param parts - what both say something of, `res.city.mayor` */
  constructor(modules: readonly [string, string], parts: readonly string[]) {
    const [one, other] = modules;
    super(
      'REGISTRY_EXTENSION_CONFLICT',
      `The modules '${one}' and '${other}' say different things of ${parts.join(', ')}. Let one of them build on the other, extension('${other}', models.with(${one}), …), so that it is clear which comes last, or rename.`,
      { details: { modules, parts } },
    );
  }
}

/** Models that came from another process, or a patch of them, do not go with this program. */
export class ModelsMismatchError extends MisuseError {}
