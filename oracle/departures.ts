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
    const replacements = this.#steps[step];
    if (replacements === undefined) return firstDifference(recorded, actual);
    this.#met.add(step);
    const expected: Record<string, unknown> = structuredClone(recorded);
    const given: Record<string, unknown> = structuredClone(actual);
    for (const [key, value] of Object.entries(replacements)) {
      const path = key.split('.');
      if (firstDifference(partAt(recorded, path), partAt(actual, path)) === undefined) return `the departure of '${key}' is not needed: we give what was recorded`;
      if (isAny(value)) {
        setPart(expected, path, undefined);
        setPart(given, path, undefined);
      } else setPart(expected, path, value);
    }
    return firstDifference(expected, given);
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

function partAt(parts: Parts, [first = '', ...rest]: readonly string[]): unknown {
  const part = parts[first];
  return rest.length === 0 || !isRecord(part) ? part : partAt(part, rest);
}

function setPart(parts: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  const part = parts[first];
  if (rest.length > 0 && isRecord(part)) setPart(part, rest, value);
  else parts[first] = value;
}

function isAny(value: unknown): boolean {
  return isRecord(value) && value['any'] === true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
