import { storageCompliance } from '@ormolu/storage/compliance';
import { pglite } from '@ormolu/storage/pglite';
import { behindServer } from './support/behind-server';

storageCompliance({ describe, test, beforeAll, afterAll }, { name: 'pglite over the network', create: () => behindServer(pglite()) });
