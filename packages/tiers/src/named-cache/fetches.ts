/** Answers of the second level that are on their way. */
export interface Fetch {
  /** Whether the answer may be kept here: nobody has written, deleted or emptied what it is about since it was asked for. */
  mayKeep(key: string): boolean;
  end(): void;
}

/** What is on its way may be older than what happens here meanwhile. */
export class Fetches {
  readonly #open = new Set<OpenFetch>();

  begin(): Fetch {
    const one = new OpenFetch(this.#open);
    this.#open.add(one);
    return one;
  }

  /** The key was written or deleted. */
  overtake(key: string): void {
    for (const one of this.#open) (one.overtaken ??= new Set()).add(key);
  }

  overtakeAll(): void {
    for (const one of this.#open) one.isOvertaken = true;
  }
}

class OpenFetch implements Fetch {
  /** Made for the first key: most fetches end before anything happens. */
  overtaken: Set<string> | undefined;
  isOvertaken = false;
  readonly #all: Set<OpenFetch>;

  constructor(all: Set<OpenFetch>) {
    this.#all = all;
  }

  mayKeep(key: string): boolean {
    return !this.isOvertaken && this.overtaken?.has(key) !== true;
  }

  end(): void {
    this.#all.delete(this);
  }
}
