import { extendedKeyText, formatDerivationPath, formatKeyOrigin } from '@qoima/policy';
import { equalBytes, formatDate, formatHex } from '@qoima/primitives';
import { estimateWeight, fieldOf, GLOBAL, INPUT, OUTPUT } from '@qoima/psbt';
import type { Evidence, InputEvidence, OutputEvidence } from './evidence.ts';
import type { ExtendedKeyClaim } from './extended-keys.ts';
import { eachInput, eachMap, eachOutput, type Rule, whole } from './rule.ts';
import { scriptText } from './script-text.ts';
import { ageText } from './time-text.ts';
import { unusedFields } from './unused-fields.ts';

/** BIP-65: below it a lock time is a block height, from it on a Unix time in seconds. */
const LOCK_TIME_THRESHOLD = 500_000_000;
const SEQUENCE_FINAL = 0xffffffff;
/** BIP-68: the bit that turns a sequence into a mere number, the one for time, and the length. */
const SEQUENCE_DISABLE = 0x80000000;
const SEQUENCE_TIME = 0x00400000;
const SEQUENCE_LENGTH = 0x0000ffff;
/** Bitcoin Core's MAX_STANDARD_TX_WEIGHT. */
const MAX_STANDARD_WEIGHT = 400_000;
/** BIP-431: of version 3 no more than 10,000 vB are relayed. */
const MAX_VERSION_3_WEIGHT = 40_000;

/**
 * What concerns the transaction as a whole, and what the maps say of the policy. The codec has already
 * refused what BIP-174 and BIP-370 forbid.
 */
export const structureRules: readonly Rule[] = [
  {
    id: 'transaction-empty',
    severity: 'block',
    finds: 'there are no inputs or no outputs',
    source: 'BIP-174, Creator',
    judge: whole(({ inputs, outputs }) =>
      inputs.length > 0 && outputs.length > 0
        ? undefined
        : {
            message: 'The transaction has no inputs or no outputs.',
            facts: {
              expected: 'at least one of each',
              actual: `${inputs.length} inputs and ${outputs.length} outputs`,
            },
          },
    ),
  },
  {
    id: 'transaction-modifiable',
    severity: 'warn',
    finds: 'a PSBT v2 says that inputs or outputs may still be changed',
    source: 'BIP-370, PSBT_GLOBAL_TX_MODIFIABLE',
    judge: ({ psbt }) => {
      const flags = fieldOf(psbt.global, GLOBAL.modifiable) ?? 0;
      return flags === 0
        ? []
        : [
            {
              where: 'global',
              message: 'The PSBT says that its inputs or outputs may still be changed.',
              facts: { expected: 0, actual: flags },
            },
          ];
    },
  },
  {
    id: 'transaction-version',
    severity: 'warn',
    finds: 'no node relays the version: it is not 1, 2 or 3',
    source: 'BIP-68, BIP-431; Bitcoin Core’s relay policy',
    judge: whole(({ psbt: { transaction } }) =>
      transaction.version >= 1 && transaction.version <= 3
        ? undefined
        : {
            message: 'No node relays a transaction of this version.',
            facts: { expected: '1, 2 or 3', actual: transaction.version },
          },
    ),
  },
  {
    id: 'transaction-weight',
    severity: 'warn',
    finds: 'the signed transaction will be too large to be relayed',
    source: 'Bitcoin Core’s MAX_STANDARD_TX_WEIGHT; BIP-431 for version 3',
    judge: whole(({ psbt, inputs, outputs, scripts }) => {
      const most = psbt.transaction.version === 3 ? MAX_VERSION_3_WEIGHT : MAX_STANDARD_WEIGHT;
      const weight = estimateWeight(
        inputs.map(() => scripts.policy),
        outputs.map(({ script }) => script),
      );
      return weight <= most
        ? undefined
        : {
            message: 'No node relays a transaction of this size.',
            facts: { expected: `at most ${most} weight units`, actual: weight },
          };
    }),
  },
  {
    id: 'lock-time',
    severity: 'warn',
    finds: 'no block may hold the spend before a height or a date',
    source: 'BIP-65, BIP-113; Coldcard, “Bad Locktime”',
    judge: whole(({ psbt: { transaction } }) => {
      const { lockTime, inputs } = transaction;
      if (lockTime === 0 || inputs.every(({ sequence }) => sequence === SEQUENCE_FINAL))
        return undefined;
      const last =
        lockTime < LOCK_TIME_THRESHOLD
          ? `up to number ${lockTime}`
          : `whose median time is not after ${formatDate(lockTime)}`;
      return {
        message: `No block ${last} may hold this spend.`,
        facts: { expected: 0, actual: lockTime },
      };
    }),
  },
  {
    id: 'sequence-lock',
    severity: 'warn',
    finds: 'the spend has to wait until a coin is of some age; the greatest is told',
    source: 'BIP-68',
    judge: (evidence) => {
      // Of a thousand coins a year must not hide behind minutes: the greatest age is what counts.
      const oldest = [oldestOf(evidence, 0), oldestOf(evidence, SEQUENCE_TIME)];
      return eachInput((input) => {
        const { sequence } = input;
        return !oldest.includes(input)
          ? undefined
          : {
              message: `The spend has to wait until this coin is ${ageText(sequence & SEQUENCE_LENGTH, (sequence & SEQUENCE_TIME) !== 0)} old.`,
              facts: { expected: 'no relative lock time', actual: sequence },
            };
      })(evidence);
    },
  },
  {
    id: 'network-other',
    severity: 'block',
    finds: 'a key path or a global xpub is of another network than the policy',
    source: 'the isolation bypass of 2020 (Ledger, Coldcard); BIP-44 coin types',
    judge: (evidence) => [
      ...eachExtendedKey(
        'other-network',
        'A cosigner’s key is written for another network.',
      )(evidence),
      ...eachMap(({ claim }) =>
        claim.state === 'other-network'
          ? {
              message: 'A key path is a cosigner’s, but for another network.',
              facts: {
                expected: evidence.scripts.policy.network,
                actual: formatDerivationPath(claim.derivation.path, "'"),
              },
            }
          : undefined,
      )(evidence),
    ],
  },
  {
    id: 'xpub-foreign',
    severity: 'block',
    finds: 'a global xpub is no cosigner’s, or has another origin',
    source: 'BIP-174, PSBT_GLOBAL_XPUB; Coldcard',
    judge: eachExtendedKey('foreign', 'The PSBT names a cosigner that is not in the policy.'),
  },
  {
    id: 'xpub-parent',
    severity: 'note',
    finds: 'a global xpub is a cosigner’s, with another fingerprint of its parent',
    source: 'BIP-32: it derives nothing, and anybody can change it',
    judge: eachExtendedKey(
      'parent',
      'The key of a cosigner names another parent than in the policy.',
    ),
  },
  {
    id: 'xpub-missing',
    severity: 'note',
    finds: 'a cosigner’s global xpub is left out',
    source: 'a Ledger then signs nothing and says nothing (HWI 671)',
    judge: ({ extendedKeys: claims, scripts }) => {
      const missing = scripts.policy.cosigners.filter(
        (one) => !claims.some(({ cosigner, state }) => cosigner === one && state !== 'foreign'),
      );
      // One that is somebody else’s stands in the place of one that is missing.
      return missing.length === 0 || claims.some(({ state }) => state === 'foreign')
        ? []
        : [
            {
              where: 'global',
              message: `Some signers want to see the extended keys of all: left out is ${missing.map(({ name }) => name).join(', ')}.`,
              facts: { missing: missing.map(({ name }) => name) },
            },
          ];
    },
  },
  {
    id: 'redeem-script',
    severity: 'block',
    finds: 'the redeem script of an own input or output is not the policy’s',
    source: 'BIP-16; BIP-174, Signer',
    judge: eachMap(({ redeemScript, own }) =>
      own === undefined ? undefined : mismatch('redeem', redeemScript, own.redeemScript),
    ),
  },
  {
    id: 'witness-script',
    severity: 'block',
    finds: 'the witness script of an own input or output is not the policy’s',
    source: 'BIP-141; BIP-174, Signer',
    judge: eachMap(({ witnessScript, own }) =>
      own === undefined ? undefined : mismatch('witness', witnessScript, own.witnessScript),
    ),
  },
  {
    id: 'script-stray',
    severity: 'note',
    finds: 'an output that is not ours has a redeem or witness script',
    source: 'BIP-174: such fields are for change',
    judge: eachOutput(({ claim, redeemScript, witnessScript }) => {
      const script = redeemScript ?? witnessScript;
      return claim.state !== 'none' || script === undefined
        ? undefined
        : {
            message: 'There is a script here, and no key path that would make the output ours.',
            facts: { expected: 'none', actual: scriptText(script) },
          };
    }),
  },
  {
    id: 'field-missing',
    severity: 'note',
    finds: 'an own input or output lacks a script, a key path, its UTXO or its sighash type',
    source: 'BIP-174, Updater; a signer that wants it signs nothing',
    judge: eachMap((map, { scripts: { policy } }) => {
      const missing = missingFields(map);
      const unnamed = policy.cosigners.filter((_, at) => {
        const key = map.own?.publicKeys[at];
        return (
          key !== undefined &&
          !map.derivations.some((derivation) => equalBytes(derivation.key, key))
        );
      });
      if (map.own === undefined || missing.length + unnamed.length === 0) return undefined;
      const all = [...missing, ...unnamed.map(({ name }) => `the key path of ${name}`)];
      return {
        message: `Some signers want to see what is left out here: ${all.join(', ')}.`,
        facts: { missing: all },
      };
    }),
  },
  {
    id: 'field-unused',
    severity: 'note',
    finds: 'a map has unknown or proprietary fields, or fields of other scripts',
    source: 'BIP-174, unknown and proprietary types',
    judge: unusedFields,
  },
];

/** The first input that asks for the greatest age, in blocks or in time. */
const oldestOf = ({ psbt, inputs }: Evidence, unit: number): InputEvidence | undefined => {
  // BIP-68 holds from version 2 on, and takes the version for a number without a sign.
  if (psbt.transaction.version >>> 0 < 2) return undefined;
  let oldest: InputEvidence | undefined;
  for (const input of inputs) {
    const { sequence } = input;
    if ((sequence & SEQUENCE_DISABLE) !== 0 || (sequence & SEQUENCE_TIME) !== unit) continue;
    const length = sequence & SEQUENCE_LENGTH;
    if (length > ((oldest?.sequence ?? 0) & SEQUENCE_LENGTH)) oldest = input;
  }
  return oldest;
};

/** So many keys are named one by one; a file may hold many thousands. */
const NAMED_KEYS = 20;

function eachExtendedKey(state: ExtendedKeyClaim['state'], message: string): Rule['judge'] {
  return ({ extendedKeys }) => {
    const claims = extendedKeys.filter((claim) => claim.state === state);
    return claims.slice(0, NAMED_KEYS).map(({ where, key, origin }, at) => ({
      where,
      message,
      facts: {
        expected: 'a cosigner’s key, as in the policy',
        // As the policy and its sheet have it, so that a person can hold one against the other.
        actual: `[${formatKeyOrigin(origin, "'")}]${extendedKeyText(key)}`,
        ...(at === NAMED_KEYS - 1 ? { more: claims.length - NAMED_KEYS } : {}),
      },
    }));
  };
}

const mismatch = (
  noun: 'redeem' | 'witness',
  claimed: Uint8Array | undefined,
  own: Uint8Array | undefined,
):
  | {
      readonly message: string;
      readonly facts: { readonly expected: string; readonly actual: string };
    }
  | undefined =>
  claimed === undefined || (own !== undefined && equalBytes(claimed, own))
    ? undefined
    : {
        message: `The ${noun} script is not the policy's.`,
        facts: {
          expected: own === undefined ? 'none' : formatHex(own),
          actual: scriptText(claimed),
        },
      };

/** What BIP-174 has the Updater add to an own input or output; the previous transaction has a rule of its own. */
const missingFields = (map: InputEvidence | OutputEvidence): readonly string[] => {
  const { own, redeemScript, witnessScript } = map;
  const isInput = map.kind === 'input';
  const fields = isInput ? INPUT : OUTPUT;
  const lacks: readonly (readonly [name: string, isMissing: boolean])[] = [
    [fields.redeemScript.name, own?.redeemScript !== undefined && redeemScript === undefined],
    [fields.witnessScript.name, own?.witnessScript !== undefined && witnessScript === undefined],
    [
      INPUT.witnessUtxo.name,
      isInput && own?.witnessScript !== undefined && map.witnessUtxo === undefined,
    ],
    [INPUT.sighashType.name, isInput && map.sighashType === undefined],
  ];
  return lacks.filter(([, isMissing]) => isMissing).map(([name]) => name);
};
