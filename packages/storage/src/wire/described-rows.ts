import type { RowSink } from './reply-reader';
import { readInt32 } from './result-columns';
import { TEXT_READERS } from './text-form';

/** Rows of a statement whose columns only the server knows: plain objects, in the JavaScript forms of our column types. */
export class DescribedRows implements RowSink {
  readonly rows: Record<string, unknown>[] = [];
  #columns: { readonly name: string; readonly read: ((text: string) => unknown) | undefined }[] = [];

  describe(bytes: Buffer, start: number): void {
    const count = bytes.readInt16BE(start);
    let at = start + 2;
    this.#columns = [];
    for (let n = 0; n < count; n++) {
      const end = bytes.indexOf(0, at);
      const name = bytes.toString('utf8', at, end);
      // Behind the name: table (4 bytes), column (2), type (4), its size (2) and modifier (4), form (2).
      this.#columns.push({ name, read: TEXT_READERS.get(readInt32(bytes, end + 7)) });
      at = end + 19;
    }
  }

  row(bytes: Buffer, start: number): void {
    const row: Record<string, unknown> = {};
    let at = start + 2;
    for (const { name, read } of this.#columns) {
      const length = readInt32(bytes, at);
      at += 4;
      if (length === -1) {
        row[name] = null;
      } else {
        const text = bytes.toString('utf8', at, at + length);
        row[name] = read ? read(text) : text;
        at += length;
      }
    }
    this.rows.push(row);
  }
}
