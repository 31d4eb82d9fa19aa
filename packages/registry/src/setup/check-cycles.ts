import type { Field } from '../field';
import type { Problems } from './problems';

/**
 * Finds computed fields that depend on themselves without saying so.
 *
 * Every cycle needs one recursive field: there the engine goes from record to record instead of going round.
 * @param starts - where cycles may have come about; the others are known to be sound
 * @remarks Linear in the dependencies reached; a worklist, because chains of fields are as long as programs make them.
 */
export function checkCycles(dependsOn: (field: Field) => readonly (readonly Field[])[], starts: Iterable<Field>, problems: Problems): void {
  const done = new Set<Field>();
  for (const start of starts) {
    const open = new Map<Field, number>();
    const way: { field: Field; causes: Iterator<Field> }[] = [];
    const enter = (field: Field): void => {
      open.set(field, way.length);
      way.push({ field, causes: new Set(dependsOn(field).flat()).values() });
    };
    if (!done.has(start) && !start.isRecursive) enter(start);
    for (let top = way.at(-1); top; top = way.at(-1)) {
      const next = top.causes.next();
      if (next.done === true) {
        done.add(top.field);
        open.delete(top.field);
        way.pop();
        continue;
      }
      const cause = next.value;
      // Cycles through a recursive field are allowed: leaving it out leaves only those that are not.
      if (cause.compute === undefined || cause.isRecursive || done.has(cause)) continue;
      const place = open.get(cause);
      if (place === undefined) enter(cause);
      else tell([...way.slice(place).map(({ field }) => field), cause], problems);
    }
  }
}

function tell(cycle: readonly Field[], problems: Problems): void {
  const [first] = cycle;
  if (!first) return;
  problems.add(
    { model: first.model, field: first.name }, `it depends on itself: ${cycle.map((field) => field.toString()).join(' → ')}.`,
    'Say recursive: true of one of them if the way goes through other records, or break the cycle.',
  );
}
