/** A cache server as named caches see it: bytes under texts, which it may forget at any time. */
export interface Backend {
  /** For messages and statistics: `'redis'`, `'memcached'`, `'memory'`. */
  readonly name: string;
  readonly limits: BackendLimits;

  /**
   * What there is under these keys.
   *
   * @returns a value, or undefined, per key in their order; null for one that could not be asked for while others could, of which nothing is known then. It fails when none could
   * @remarks One round trip to each server concerned
   */
  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined | null)[]>;

  /** Puts values in, whatever was there. @throws {UnreachedError} where some could not be put in, and all others are. @remarks One round trip to each server concerned */
  setMany(entries: readonly BackendEntry[]): Promise<void>;

  /** Puts a value in if there is none. @returns whether it did: of many who ask at once, one is told true */
  add(entry: BackendEntry): Promise<boolean>;

  /** Puts a value in if what is there equals `expected` byte for byte, in one step. @returns whether it did */
  replace(entry: BackendEntry, expected: Uint8Array): Promise<boolean>;

  /** @returns how many there were, as far as the server tells. @throws {UnreachedError} where some could not be taken out, and all others are. @remarks One round trip to each server concerned */
  deleteMany(keys: readonly string[]): Promise<number>;

  /** Begins a lifetime anew. @returns whether there was such a key */
  touch(key: string, ttlMs: number): Promise<boolean>;

  /**
   * Takes out all keys that fit a pattern, in which `*` stands for any characters, without keeping others waiting. Absent where the
   * server cannot list its keys: caches then forget all they have there.
   *
   * @param step - each of the many calls it takes is made through it: none of them is waited for longer than any other call. @defaultValue they are made as they are
   */
  deleteByPattern?(pattern: string, step?: BackendStep): Promise<number>;

  /**
   * Whether the server answers, and which run of it: a text that differs after it has been restarted or another server took its place,
   * for then it may hold what it held long ago. A server that never comes back with old values may always give the same.
   */
  check(): Promise<string>;

  /** Tells when connections come and go. `down` means: what is asked now fails at once; and why, as far as that is known. @returns ends it */
  onState(listener: (state: BackendState, cause?: unknown) => void): () => void;

  /**
   * How many bytes of answers have come so far. Large answers that are still on their way are then not taken for silence. @defaultValue it is not known: the deadline of a
   * call must be long enough for the largest answer
   */
  readonly receivedBytes?: number;

  /** Where it is several servers that fail one by one: these, in an order that stays. Caches keep on each what has no need of the others. */
  readonly nodes?: readonly Backend[];

  /** Which of the nodes has a key: its place among them. */
  nodeOf?(key: string): number;

  /** Ends connections. What is under way fails; later calls fail. */
  close(): Promise<void>;
}

/** Makes a call that can be made twice, and fails when it fails or takes too long. */
export type BackendStep = <T>(call: () => Promise<T>) => Promise<T>;

/**
 * `up`: there is a connection to each server; `down`: there is none to some. `changed`: one of several may be another than before, or hold what it held long ago, while the others are
 * there: answers wait until `check` has said which run it is now. `doubtful`: likewise, while `check` will not tell: all that it holds is given up.
 */
export type BackendState = 'up' | 'down' | 'changed' | 'doubtful';

/** One value for a cache server. */
export interface BackendEntry {
  readonly key: string;
  readonly value: Uint8Array;
  /** In milliseconds; the server may round up to its own grain. 0: until it is forgotten. */
  readonly ttlMs: number;
}

/** What a server refuses. Callers keep to it; it is not checked again. */
export interface BackendLimits {
  /** Bytes of a key in UTF-8. Longer ones are digested before they come here, and `deleteByPattern` does not find them. */
  readonly keyBytes: number;
  /** Whether keys may hold spaces, control and non-ASCII characters. */
  readonly anyCharacter: boolean;
  readonly valueBytes: number;
  /** A value may stay so much longer than its ttl. */
  readonly ttlGrainMs: number;
}
