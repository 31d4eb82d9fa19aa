import { ModelSetupError, type SetupProblem } from '@ormolu/registry';

/** The problems of models that do not fit together; none when they do. */
export function problemsOf(models: { registry(): unknown }): readonly SetupProblem[] {
  try {
    models.registry();
  } catch (error) {
    if (error instanceof ModelSetupError) return error.problems;
    throw error;
  }
  return [];
}
