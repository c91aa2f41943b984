import fc from 'fast-check';
import { FUZZ_SEED } from './fuzz-property.ts';

/** Before each test file: a property that names no seed of its own makes the same cases in every run. */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: FUZZ_SEED });
