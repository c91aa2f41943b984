import { describeProperties } from '../../../scripts/fuzz-suite.ts';
import { policyProperties } from '../fuzz/policy-properties.ts';

describeProperties(policyProperties);
