/** What programs keep on cache servers, more or less: a dozen fields, some 250 bytes of JSON. */
export interface City {
  readonly id: number;
  readonly name: string;
  readonly population: number;
  readonly area: number;
  readonly mayor: string | null;
  readonly country: number;
  readonly isCapital: boolean;
  readonly code: string;
  readonly postal: string;
  readonly elevation: number;
  readonly timezone: string;
  readonly founded: string;
}

export const KEYS = 10_000;

export const names: readonly string[] = Array.from({ length: KEYS }, (_, at) => `city:${String(at)}`);

export const cities: readonly City[] = names.map((_, at) => ({
  id: at, name: `City ${String(at)}`, population: at * 37, area: at * 1.5, mayor: at % 3 === 0 ? null : `Mayor ${String(at)}`, country: at % 200, isCapital: at % 7 === 0,
  code: `C${String(at)}`, postal: String(10_000 + at), elevation: at % 900, timezone: 'Europe/Brussels', founded: '1128-05-01',
}));

/** So many keys, from one place on, in an order that is not that in which they were put in. */
export function someNames(count: number, from: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => names[((from + at) * 7_919) % KEYS] ?? '');
}

/** The values under these names are added up where nobody may skip reading them. */
export function populationOf(city: unknown): number {
  // What was put in.
  return (city as City).population;
}
