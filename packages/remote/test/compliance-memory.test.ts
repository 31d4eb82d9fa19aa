import { storageCompliance } from '@ormolu/storage/compliance';
import { memory } from '@ormolu/storage/memory';
import { behindServer } from './support/behind-server';

storageCompliance({ describe, test, beforeAll, afterAll }, { name: 'memory over the network', create: () => behindServer(memory()) });
