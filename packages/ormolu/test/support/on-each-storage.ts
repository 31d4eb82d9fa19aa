import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { memory, pglite, postgres, type Storage } from '../../src/index';

/** A kind of storage, and how to open one on an empty database. */
export interface EachStorage {
  readonly name: 'memory' | 'PGlite' | 'PostgreSQL';
  readonly open: () => Storage;
  /** Of the server's database, for a client of the test's own. */
  readonly url: () => string;
}

/** Runs the same tests on memory, PGlite and PostgreSQL, the last on a database of its own. */
export function onEachStorage(title: string, define: (storage: EachStorage) => void): void {
  let scratch: ScratchDatabase | undefined;
  const url = (): string => scratch?.url ?? '';
  beforeAll(async () => {
    scratch = await createDatabase();
  });
  afterAll(() => scratch?.drop());
  const storages: readonly EachStorage[] = [
    { name: 'memory', open: () => memory(), url },
    { name: 'PGlite', open: () => pglite(), url },
    { name: 'PostgreSQL', open: () => postgres(url()), url },
  ];
  describe.each(storages)(`${title} $name`, define);
}
