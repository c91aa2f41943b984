import { describeProperties } from '../../../scripts/fuzz-suite.ts';
import { oracleProperties } from '../fuzz/oracle-properties.ts';
import { psbtProperties } from '../fuzz/psbt-properties.ts';

describeProperties([...psbtProperties, ...oracleProperties]);
