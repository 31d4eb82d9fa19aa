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
