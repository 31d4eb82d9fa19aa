import { storageCompliance } from '@ormolu/storage/compliance';
import { pglite } from '@ormolu/storage/pglite';

jest.setTimeout(60_000);

storageCompliance({ describe, test, beforeAll, afterAll }, { name: 'pglite', create: () => Promise.resolve(pglite()) });
