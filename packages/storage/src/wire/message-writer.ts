const INITIAL_BYTES = 1024;

/**
 * Builds one run of PostgreSQL frontend messages in one buffer that grows by doubling.
 *
 * @see PostgreSQL manual, "Message Formats"
 */
export class MessageWriter {
  #bytes: Buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #end = 0;
  #lengthAt = 0;

  /** Opens a message; `end` closes it. */
  begin(code: string): void {
    this.reserve(5);
    this.#bytes[this.#end] = code.charCodeAt(0);
    this.#lengthAt = this.#end + 1;
    this.#end += 5;
  }

  /** Writes the length of the message opened last. */
  end(): void {
    this.#bytes.writeInt32BE(this.#end - this.#lengthAt, this.#lengthAt);
  }

  int16(value: number): void {
    this.reserve(2);
    this.#end = this.#bytes.writeUInt16BE(value, this.#end);
  }

  int32(value: number): void {
    this.reserve(4);
    this.#int32(value);
  }

  /** A length of 4 and the number: one element of an `int4` array, the commonest thing sent. */
  sizedInt32(value: number): void {
    this.reserve(8);
    this.#int32(4);
    this.#int32(value);
  }

  /** A length of 8 and the number. */
  sizedInt64(value: bigint): void {
    this.reserve(12);
    this.#int32(8);
    this.#end = this.#bytes.writeBigInt64BE(value, this.#end);
  }

  /** A length of 8 and the number. */
  sizedFloat64(value: number): void {
    this.reserve(12);
    this.#int32(8);
    this.#end = this.#bytes.writeDoubleBE(value, this.#end);
  }

  /** A length of 1 and the number. */
  sizedByte(value: number): void {
    this.reserve(5);
    this.#int32(1);
    this.#bytes[this.#end] = value;
    this.#end += 1;
  }

  /** The length in bytes, a prefix of at most one byte, and the text as UTF-8. */
  sizedText(text: string, prefix?: number): void {
    // A UTF-16 unit takes three bytes at most.
    this.reserve(5 + text.length * 3);
    const lengthAt = this.#end;
    let at = lengthAt + 4;
    if (prefix !== undefined) {
      this.#bytes[at] = prefix;
      at += 1;
    }
    this.#end = at + this.#bytes.write(text, at, 'utf8');
    this.#bytes.writeInt32BE(this.#end - lengthAt - 4, lengthAt);
  }

  /** The length and the bytes. */
  sizedBytes(bytes: Uint8Array): void {
    this.reserve(4 + bytes.length);
    this.#int32(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The text and a closing zero. */
  cstring(text: string): void {
    this.reserve(1 + text.length * 3);
    this.#end += this.#bytes.write(text, this.#end, 'utf8');
    this.#bytes[this.#end] = 0;
    this.#end += 1;
  }

  /** Leaves room for a length that is known later. */
  openSize(): number {
    this.int32(0);
    return this.#end;
  }

  /** Fills in what `openSize` left open: the bytes written since. */
  closeSize(openedAt: number): void {
    this.#bytes.writeInt32BE(this.#end - openedAt, openedAt - 4);
  }

  /** Makes room for so many bytes, so that a long run of writes grows the buffer once. */
  reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + bytes));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }

  /** What was written so far. The writer is not used afterwards. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  #int32(value: number): void {
    const bytes = this.#bytes;
    const at = this.#end;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.#end = at + 4;
  }
}
