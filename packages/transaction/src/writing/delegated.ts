import type { Field, Model } from '@ormolu/registry';

/** What is given to a new record for fields that it shows of those it delegates to, by the field that names these. */
export class Delegated {
  readonly holders: ReadonlyMap<string, Record<string, unknown>>;

  constructor({ delegates }: Model) {
    this.holders = delegates.length === 0 ? NO_HOLDERS : new Map(delegates.map((name) => [name, {}]));
  }

  shows({ related }: Field): boolean {
    return related?.length === 2 && this.holders.has(related[0] ?? '');
  }

  give({ related }: Field, value: unknown): void {
    const given = this.holders.get(related?.[0] ?? '');
    if (given) given[related?.[1] ?? ''] = value;
  }
}

const NO_HOLDERS: ReadonlyMap<string, Record<string, unknown>> = new Map();
