import { SameValue } from '@ormolu/kernel';

/** Says what is wrong with a value that came from elsewhere, with the way to the place; undefined when nothing is. */
export type Shape = (value: unknown) => string | undefined;

const being = (what: string, is: (value: unknown) => boolean): Shape => (value) => (is(value) ? undefined : ` is not ${what}`);

export const anything: Shape = () => undefined;
export const text: Shape = being('a text', (value) => typeof value === 'string');
export const number: Shape = being('a number', (value) => typeof value === 'number');
export const flag: Shape = being('true or false', (value) => typeof value === 'boolean');
export const id: Shape = being('an id', (value) => typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string');
export const version: Shape = being('a version', (value) => typeof value === 'bigint' || value === null);
/** An object that was one where it came from: no list, no date, no bytes. */
export const object: Shape = being('an object', (value) => typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype);
export const list: Shape = being('a list', Array.isArray);
/** The values of a field: one for each record, or one for all. */
export const column: Shape = being('a list of values', (value) => Array.isArray(value) || value instanceof SameValue);

export function textOfAtMost(length: number): Shape {
  return being(`a text of at most ${String(length)} characters`, (value) => typeof value === 'string' && value.length <= length);
}

export function oneOf(...known: readonly unknown[]): Shape {
  return being(`one of ${known.map(String).join(', ')}`, (value) => known.includes(value));
}

export function listOf(shape: Shape): Shape {
  return (value) => {
    if (!Array.isArray(value)) return list(value);
    for (let at = 0; at < value.length; at += 1) {
      const wrong = shape(value[at]);
      if (wrong !== undefined) return `[${String(at)}]${wrong}`;
    }
    return undefined;
  };
}

/** A list whose places have shapes of their own; what is beyond its end is null. */
export function tuple(...shapes: readonly Shape[]): Shape {
  return (value) => {
    if (!Array.isArray(value)) return list(value);
    for (const [at, shape] of shapes.entries()) {
      const wrong = shape((value as readonly unknown[])[at] ?? null);
      if (wrong !== undefined) return `[${String(at)}]${wrong}`;
    }
    return undefined;
  };
}

/** An object with these, whatever else it has. */
export function having(shapes: Readonly<Record<string, Shape>>): Shape {
  const entries = Object.entries(shapes);
  return (value) => {
    const none = object(value);
    if (none !== undefined) return none;
    for (const [name, shape] of entries) {
      const wrong = shape((value as Readonly<Record<string, unknown>>)[name]); // an object
      if (wrong !== undefined) return `.${name}${wrong}`;
    }
    return undefined;
  };
}

export function optional(shape: Shape): Shape {
  return (value) => (value === undefined ? undefined : shape(value));
}

export function orNull(shape: Shape): Shape {
  return (value) => (value === null ? undefined : shape(value));
}
