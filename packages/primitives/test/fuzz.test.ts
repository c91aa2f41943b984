import { describeProperties } from '../../../scripts/fuzz-suite.ts';
import { primitivesProperties } from '../fuzz/primitives-properties.ts';

describeProperties(primitivesProperties);
