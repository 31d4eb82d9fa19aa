import { storageCompliance } from '@ormolu/storage/compliance';
import { memory } from '@ormolu/storage/memory';

storageCompliance({ describe, test, beforeAll, afterAll }, { name: 'memory', create: () => Promise.resolve(memory()) });
