/** The usual name in the database: dots as underscores, camelCase as snake_case. */
export function snakeCase(name: string): string {
  return name.replaceAll('.', '_').replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

/** PostgreSQL cuts longer names without a word. */
export const LONGEST_NAME = 63;

/** Whether a name fits into the database as it is. */
export function fits(name: string): boolean {
  return Buffer.byteLength(name) <= LONGEST_NAME && name !== '' && !name.includes('\0');
}

/** A name that can be a part of a path, as fields have: with dots between it and others, or a minus before it in an order. */
export const FIELD_NAME: RegExp = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** Such names with dots between them, or hyphens: no commas, which end a model's name in a reference. */
export const MODEL_NAME: RegExp = /^[\p{ID_Continue}$-]+(\.[\p{ID_Continue}$-]+)*$/u;
