import { describeProperties } from '../../../scripts/fuzz-suite.ts';
import { emulatorProperties } from '../fuzz/emulator-properties.ts';

describeProperties(emulatorProperties);
