/** As Node has had it since 20; the library of types that is compiled with does not know it. */
interface Text {
  isWellFormed(): boolean;
}

/** Whether a text comes back from UTF-8 as it was: in it, half a surrogate pair becomes U+FFFD. */
export function isWellFormed(text: string): boolean {
  // Every text has the method.
  return (text as unknown as Text).isWellFormed();
}
