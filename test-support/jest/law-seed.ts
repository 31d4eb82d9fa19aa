import fc from 'fast-check';
import { lawSeed } from '../src/law-seed';

// Before each test file: fast-check draws from the seed of the run.
fc.configureGlobal({ seed: lawSeed() });
