/** Answers of the second level that are on their way. */
export interface Fetch {
  /** Whether the answer may be kept here: nobody has written, deleted or emptied what it is about since it was asked for. */
  mayKeep(key: string): boolean;
  end(): void;
}

/** What is on its way may be older than what happens here meanwhile. */
export class Fetches {
  readonly #open = new Set<{ readonly overtaken: Set<string>; isOvertaken: boolean }>();

  begin(): Fetch {
    const one = { overtaken: new Set<string>(), isOvertaken: false };
    this.#open.add(one);
    return {
      mayKeep: (key) => !one.isOvertaken && !one.overtaken.has(key),
      end: () => {
        this.#open.delete(one);
      },
    };
  }

  /** The key was written or deleted. */
  overtake(key: string): void {
    for (const one of this.#open) one.overtaken.add(key);
  }

  overtakeAll(): void {
    for (const one of this.#open) one.isOvertaken = true;
  }
}
