import { firstDifference } from './difference';

/** What a step gave, or should have given: `result` or `error`, and whatever else its format records. */
export type Parts = Readonly<Record<string, unknown>>;

interface DepartureData {
  readonly because: string;
  readonly steps: Readonly<Record<string, Parts>>;
}

/**
 * Where we differ from the recording on purpose, read from a `departures.json`: scenario → step → the parts expected to differ.
 *
 * A value replaces the recorded one; a dotted key replaces that part alone; `{ "any": true }` leaves the part uncompared.
 */
export class Departures {
  readonly #scenarios: Readonly<Record<string, DepartureData>>;
  readonly #met = new Set<string>();

  /** @param data - the parsed file; @throws {TypeError} when it has another shape */
  constructor(data: unknown = {}) {
    this.#scenarios = parse(data);
  }

  of(scenario: string): ScenarioDepartures {
    this.#met.add(scenario);
    return new ScenarioDepartures(this.#scenarios[scenario]?.steps ?? {});
  }

  /** Scenarios that have departures and were never run: most likely a misspelt name. */
  unmet(): string[] {
    return Object.keys(this.#scenarios).filter((name) => !this.#met.has(name));
  }
}

/** Two sides of one step. */
export interface Compared {
  readonly expected: Parts;
  readonly given: Parts;
  /** What is wrong with the departures themselves. */
  readonly problem: string | undefined;
}

/** The departures of one scenario, which also sees whether each is needed. */
export class ScenarioDepartures {
  readonly #steps: Readonly<Record<string, Parts>>;
  readonly #met = new Set<string>();

  constructor(steps: Readonly<Record<string, Parts>>) {
    this.#steps = steps;
  }

  /**
   * Compares what a step gave with what was recorded, departures applied.
   * @param step - its index, or `3.1` for a nested one
   * @returns the first difference, or what is wrong with the departures; undefined when all is as expected
   */
  compare(step: string, recorded: Parts, actual: Parts): string | undefined {
    const { expected, given, problem } = this.apply(step, recorded, actual);
    return problem ?? firstDifference(expected, given);
  }

  /**
   * What is expected of a step, departures applied, and what it gave; parts that are left uncompared are in neither.
   * @param inOneForm - brings parts into the form in which equal things are equal; parts keep their names
   */
  apply(step: string, recorded: Parts, actual: Parts, inOneForm: (parts: Parts) => Parts = same): Compared {
    const replacements = this.#steps[step];
    if (replacements === undefined) return { expected: inOneForm(recorded), given: inOneForm(actual), problem: undefined };
    this.#met.add(step);
    const plain = inOneForm(recorded);
    const replaced: Record<string, unknown> = structuredClone(recorded);
    const given: Record<string, unknown> = structuredClone(inOneForm(actual));
    const paths = Object.entries(replacements).map(([key, value]) => ({ key, value, path: pathOf(key, recorded, actual) }));
    for (const { path, value } of paths) if (!isAny(value)) setPart(replaced, path, value);
    const expected: Record<string, unknown> = structuredClone(inOneForm(replaced));
    for (const { key, path, value } of paths) {
      if (firstDifference(partAt(plain, path), partAt(given, path)) === undefined) return { expected, given, problem: `the departure of '${key}' is not needed: we give what was recorded` };
      if (!isAny(value)) continue;
      setPart(expected, path, undefined);
      setPart(given, path, undefined);
    }
    return { expected, given, problem: undefined };
  }

  /** Whether a part of a step is said to differ. */
  concerns(step: string, part: string): boolean {
    return Object.keys(this.#steps[step] ?? {}).some((key) => key === part || key.startsWith(`${part}.`));
  }

  /** Steps that have departures and were never compared. */
  unmet(): string[] {
    return Object.keys(this.#steps).filter((step) => !this.#met.has(step));
  }
}

function parse(data: unknown): Record<string, DepartureData> {
  if (!isRecord(data)) throw new TypeError('departures.json must hold an object: scenario → { because, steps }.');
  for (const [name, entry] of Object.entries(data)) {
    const isGood = isRecord(entry) && typeof entry['because'] === 'string' && isRecord(entry['steps']) && Object.values(entry['steps']).every(isRecord);
    if (!isGood) throw new TypeError(`departures.json: '${name}' must be { "because": text, "steps": { index: { part: value } } }.`);
  }
  return data as Record<string, DepartureData>; // every entry was looked at above
}

function same(parts: Parts): Parts {
  return parts;
}

/**
 * The names on the way to a part. Names may hold dots themselves, and a table stands for its model: `db.lab_line`, `state.cache.lab.line.qty`.
 */
function pathOf(key: string, ...parts: readonly unknown[]): readonly string[] {
  const known = new Set(parts.flatMap((part) => (isRecord(part) ? Object.keys(part) : [])));
  const words = key.split('.');
  for (let length = words.length; length > 0; length -= 1) {
    const name = words.slice(0, length).join('.');
    const found = known.has(name) ? name : [...known].find((one) => one.replaceAll('.', '_') === name);
    if (found === undefined) continue;
    const rest = words.slice(length).join('.');
    return rest === '' ? [found] : [found, ...pathOf(rest, ...parts.map((part) => (isRecord(part) ? part[found] : undefined)))];
  }
  return [key];
}

function partAt(parts: Parts, [first = '', ...rest]: readonly string[]): unknown {
  const part = parts[first];
  if (rest.length === 0) return part;
  return isRecord(part) ? partAt(part, rest) : undefined;
}

function setPart(parts: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) parts[first] = value;
  else {
    const part = isRecord(parts[first]) ? parts[first] : {};
    parts[first] = part;
    setPart(part, rest, value);
  }
}

function isAny(value: unknown): boolean {
  return isRecord(value) && value['any'] === true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
