import { encodeExtendedKey, formatKeyOrigin } from '@qoima/policy';
import { equalBytes, type Finding, formatHex } from '@qoima/primitives';
import { fieldOf, fieldsOf, GLOBAL } from '@qoima/psbt';
import type { Evidence } from './evidence.ts';

/** What concerns the PSBT as a whole. The codec has already refused what BIP-174 and BIP-370 forbid. */
export const judgeStructure = (evidence: Evidence): readonly Finding[] => [
  ...emptiness(evidence),
  ...modifiability(evidence),
  ...globalXpubs(evidence),
];

/** Before there are inputs and outputs there is nothing to sign; PSBTs may be so, transactions not. */
const emptiness = ({ inputs, outputs }: Evidence): readonly Finding[] =>
  inputs.length > 0 && outputs.length > 0
    ? []
    : [
        {
          rule: 'transaction-empty',
          severity: 'block',
          where: 'transaction',
          message: 'The transaction has no inputs or no outputs.',
          facts: {
            expected: 'at least one of each',
            actual: `${inputs.length} inputs and ${outputs.length} outputs`,
          },
        },
      ];

/** BIP-370: while a bit is set, somebody still means to add inputs or outputs. */
const modifiability = ({ psbt }: Evidence): readonly Finding[] => {
  const flags = fieldOf(psbt.global, GLOBAL.modifiable) ?? 0;
  return flags === 0
    ? []
    : [
        {
          rule: 'transaction-modifiable',
          severity: 'warn',
          where: 'global',
          message: 'The PSBT says that its inputs or outputs may still be changed.',
          facts: { expected: 0, actual: flags },
        },
      ];
};

/** An xpub in the PSBT is a coordinator's word about who the cosigners are. */
const globalXpubs = ({ psbt, scripts }: Evidence): readonly Finding[] => {
  const own = scripts.policy.cosigners.map(({ key, origin }) => ({
    key: withoutParent(encodeExtendedKey(key)),
    origin: formatKeyOrigin(origin, "'"),
  }));
  return fieldsOf(psbt.global, GLOBAL.extendedKey).flatMap(({ key, value }, at) => {
    const shown = { key: withoutParent(key), origin: formatKeyOrigin(value, "'") };
    return own.some(
      ({ key: ours, origin }) => equalBytes(ours, shown.key) && origin === shown.origin,
    )
      ? []
      : [
          {
            rule: 'xpub-foreign',
            severity: 'block',
            where: `global xpub ${at}`,
            message: 'The PSBT names a cosigner that is not in the policy.',
            facts: {
              expected: 'a cosigner of the policy',
              actual: `[${shown.origin}] ${formatHex(key)}`,
            },
          },
        ];
  });
};

/** The parent's fingerprint in a serialised extended key (BIP-32) is hearsay, and is not compared. */
const withoutParent = (key: Uint8Array): Uint8Array => key.slice().fill(0, 5, 9);
