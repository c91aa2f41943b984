import { describeProperties } from '../../../scripts/fuzz-suite.ts';
import { journalProperties } from '../fuzz/journal-properties.ts';

describeProperties(journalProperties);
