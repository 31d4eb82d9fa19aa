/** The forms that values of our column types have in JavaScript, as one place knows them. */

export const UUID: RegExp = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** A decimal number, digits on at least one side of the point. */
export const DECIMAL: RegExp = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?$|^NaN$/i;

export const INT8_MAX = 9_223_372_036_854_775_807n;

/** In a JSON text: an escaped NUL or half of a surrogate pair, neither of which jsonb takes. */
const UNSTORABLE_ESCAPE = /(?:^|[^\\])(?:\\\\)*\\u(?:0000|d[89a-f])/;

/** PostgreSQL has no NUL character, and half a surrogate pair has no UTF-8 form: both would be lost or refused half-way. */
export function isStorableText(text: string): boolean {
  // Node 20 has isWellFormed; the library declarations of our target do not yet.
  return !text.includes('\0') && (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** Whether jsonb takes a text that `JSON.stringify` wrote. */
export function isStorableJson(text: string): boolean {
  return !UNSTORABLE_ESCAPE.test(text);
}

/** A JSON value as a text that PostgreSQL can keep; undefined for what is none, such as a function, a bigint or what holds itself, whatever the types say. */
export function storableJson(value: unknown): string | undefined {
  try {
    const text = JSON.stringify(value) as string | undefined; // as said
    return text !== undefined && isStorableJson(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Whether PostgreSQL reads a text as `numeric`; infinity, which older versions do not know, is left out. */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text) && /\d|^nan$/i.test(text);
}

/** @returns the value when it is a Date, of whatever realm, that names an instant */
export function validDate(value: unknown): Date | undefined {
  if (Object.prototype.toString.call(value) !== '[object Date]') return undefined;
  const date = value as Date; // as its tag says
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** @returns the bytes of a Uint8Array or another view */
export function bytesOf(value: unknown): Uint8Array | undefined {
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined;
}

/** A uuid as the database answers it. @param text - one that {@link UUID} takes */
export function canonicalUuid(text: string): string {
  const hex = text.replaceAll('-', '').toLowerCase();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
