import { typeName } from '@ormolu/kernel';
import type { SetupProblem } from './errors';
import type { Operation } from './operations';
import { areTexts } from './option-forms';
import { isInherited } from './reserved-names';

/** What is wrong with a field or method called as something that every object has. */
export const TAKEN = { problem: 'its name is that of a member of every record.', remedy: 'Choose another; a field keeps its column with the option column.' } as const;

/** An operation that says nothing but what is wrong with it: told at setup, with all else. */
export function refused(problems: readonly SetupProblem[]): Operation {
  return { claims: [], functions: [], apply: (draft) => void draft.problems.push(...problems) };
}

/** What is wrong with a compute as it was said. */
export function wrongCompute(model: string, { fields, depends }: { readonly fields: unknown; readonly depends: unknown }, run: unknown): readonly SetupProblem[] {
  if (!areTexts(fields)) return [{ model, problem: `the fields of a compute are ${typeName(fields)}, and no list of names.`, remedy: "Give a list: computeBatch('city', ['size'], …)." }];
  const where = { model, ...(fields.length > 0 ? { field: fields.join(', ') } : {}) };
  const taken = fields.find(isInherited);
  if (taken !== undefined) return [{ model, field: taken, ...TAKEN }];
  const problems: SetupProblem[] = [];
  if (fields.length === 0) problems.push({ ...where, problem: 'the fields of a compute are an empty list.', remedy: 'Give a list of at least one name.' });
  if (!areTexts(depends)) problems.push({ ...where, problem: `its depends is ${typeName(depends)}, and no list of paths.`, remedy: "Name every path that it reads, in a list: ['name', 'country.name']." });
  return [...problems, ...wrongFunction(where, 'compute', run)];
}

/** What is wrong with a function that belongs to a model, and what is wrong with its field or method by name. */
export function wrongFunction(where: { readonly model: string; readonly field?: string }, role: string, run: unknown): readonly SetupProblem[] {
  if (where.field !== undefined && isInherited(where.field)) return [{ ...where, ...TAKEN }];
  return typeof run === 'function' ? [] : [{ ...where, problem: `its ${role} is ${typeName(run)}, and no function.`, remedy: 'Give a plain function.' }];
}

/** What is wrong with a table of methods. */
export function wrongMethods(model: string, methods: unknown): readonly SetupProblem[] {
  if (!isTable(methods)) return [{ model, problem: `its methods are ${typeName(methods)}, and no object.`, remedy: `Write method('${model}', { name(records) { … } }).` }];
  return Object.entries(methods).flatMap(([name, run]) => wrongFunction({ model, field: name }, `method ${name}`, run));
}

/** What is wrong with what is to be joined. */
export function wrongExtensions(extensions: readonly unknown[]): readonly SetupProblem[] {
  return extensions.filter((one) => !isTable(one) || !Array.isArray(one['said'])).map((one) => ({ model: 'with', problem: `it was given ${typeName(one)}, and no extension.`, remedy: 'Give what extension(…) returned.' }));
}

/** Whether something is an object of named things. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
