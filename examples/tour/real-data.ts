import { City, Country, State } from 'country-state-city';

/** The rows of the data set, with the keys by which they refer to each other there. */
export interface RealData {
  readonly countries: readonly { readonly name: string; readonly code: string; readonly currency: string | null }[];
  readonly states: readonly { readonly name: string; readonly code: string; readonly countryCode: string }[];
  readonly cities: readonly {
    readonly name: string;
    readonly stateKey: string;
    readonly countryCode: string;
    readonly latitude: number | null;
    readonly longitude: number | null;
  }[];
}

/** All countries, states and cities of the npm package `country-state-city`. */
export function realData(): RealData {
  return {
    countries: Country.getAllCountries().map(({ name, isoCode, currency }) => ({ name, code: isoCode, currency: currency || null })),
    states: State.getAllStates().map(({ name, isoCode, countryCode }) => ({ name, code: isoCode, countryCode })),
    cities: City.getAllCities().map(({ name, stateCode, countryCode, latitude, longitude }) => ({
      name, countryCode, stateKey: stateKey(countryCode, stateCode), latitude: coordinate(latitude), longitude: coordinate(longitude),
    })),
  };
}

/** A state's code is unique within its country only. */
export function stateKey(countryCode: string, stateCode: string): string {
  return `${countryCode}/${stateCode}`;
}

function coordinate(text: string | null | undefined): number | null {
  const degrees = text === null || text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(degrees) ? degrees : null;
}
