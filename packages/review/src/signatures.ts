import type { Cosigner } from '@qoima/policy';
import { equalBytes, formatHex } from '@qoima/primitives';
import { decodeSignature } from '@qoima/psbt';
import type { Evidence } from './evidence.ts';
import { eachInput, type Observation, type Rule, whole } from './rule.ts';
import { type JudgedSignature, SIGHASH_ALL, type SignatureState } from './signature-evidence.ts';

/**
 * What is signed already, and what signatures are asked for. A good signature is no finding; every bad
 * one blocks, so that whoever sees it goes back to who sent it.
 */
export const signatureRules: readonly Rule[] = [
  {
    id: 'sighash-not-all',
    severity: 'block',
    finds: 'anything but SIGHASH_ALL is asked for, or carried by a signature',
    source: 'sighash poisoning; Bitcoin Core and Sparrow',
    judge: (evidence) => {
      const carried = new Map(
        evidence.signatures
          .filter(({ state }) => state === 'flag')
          .map(({ where, signature }) => [where, signature.at(-1) ?? 0]),
      );
      return eachInput(({ where, sighashType = SIGHASH_ALL }) => {
        const actual = sighashType === SIGHASH_ALL ? carried.get(where) : sighashType;
        return actual === undefined
          ? undefined
          : {
              message: 'A signature type other than SIGHASH_ALL is asked for or carried.',
              facts: { expected: hexNumber(SIGHASH_ALL), actual: hexNumber(actual) },
            };
      })(evidence);
    },
  },
  {
    id: 'signature-stranger',
    severity: 'block',
    finds: 'a signature is by a key that is not the policy’s at this input',
    source: 'BIP-174, Combiner; a signature from nowhere',
    judge: badSignatures('stranger', 'by a key that is not the policy’s here'),
  },
  {
    id: 'signature-encoding',
    severity: 'block',
    finds: 'a signature is not strict DER, or its s is high',
    source: 'BIP-66, BIP-146',
    judge: badSignatures('encoding', 'not encoded as it must be'),
  },
  {
    id: 'signature-invalid',
    severity: 'block',
    finds: 'a signature does not fit this transaction',
    source: 'BIP-143; garbled signatures pass for good ones until it is too late',
    judge: badSignatures('invalid', 'of another transaction, or broken'),
  },
  {
    id: 'signature-nonce-repeated',
    severity: 'block',
    finds: 'two signatures share their r',
    source: 'repeated nonces give the keys away (PlayStation 3, Android 2013)',
    judge: ({ signatures }) => {
      const first = new Map<string, JudgedSignature>();
      const found: Observation[] = [];
      for (const signed of signatures) {
        if (signed.state !== 'good') continue;
        const r = formatHex(decodeSignature(signed.signature).compact.subarray(0, 32));
        const other = first.get(r);
        if (other === undefined) first.set(r, signed);
        else {
          found.push({
            where: signed.where,
            message: `Two signatures were made with one nonce: their keys can be worked out from them.`,
            facts: {
              publicKeys: [formatHex(other.publicKey), formatHex(signed.publicKey)],
              other: other.where,
            },
          });
        }
      }
      return found;
    },
  },
  {
    id: 'signer-not-involved',
    severity: 'block',
    finds: 'whoever is about to sign is no cosigner of the policy',
    source: 'Coldcard',
    local: true,
    judge: whole((evidence) => {
      const { signer } = evidence.context;
      return signer === undefined || cosignerIndex(evidence) >= 0
        ? undefined
        : {
            message: 'The key that is to sign is not in the policy.',
            facts: { signer: signer.name },
          };
    }),
  },
  {
    id: 'signer-not-named',
    severity: 'warn',
    finds: 'an input does not name the key of whoever is about to sign',
    source: 'a Ledger leaves such an input out, without a word (HWI 671)',
    local: true,
    judge: (evidence) => {
      const index = cosignerIndex(evidence);
      return eachInput(({ own, derivations }) => {
        const key = own?.publicKeys[index];
        return key === undefined || derivations.some((one) => equalBytes(one.key, key))
          ? undefined
          : {
              message: 'This input does not name the key that is to sign.',
              facts: { publicKey: formatHex(key) },
            };
      })(evidence);
    },
  },
  {
    id: 'signer-has-signed',
    severity: 'note',
    finds: 'whoever is about to sign has signed every input already',
    source: 'Coldcard',
    local: true,
    judge: whole((evidence) => {
      const name = evidence.scripts.policy.cosigners[cosignerIndex(evidence)]?.name;
      return name === undefined || !wholeSigners(evidence).includes(name)
        ? undefined
        : { message: 'The key that is to sign has signed already.', facts: { signer: name } };
    }),
  },
  {
    id: 'signatures-complete',
    severity: 'note',
    finds: 'as many cosigners have signed as it takes',
    source: 'Coldcard',
    local: true,
    judge: whole((evidence) => {
      const signed = wholeSigners(evidence);
      return signed.length < evidence.scripts.policy.quorum.required
        ? undefined
        : { message: 'Nobody else has to sign.', facts: { signedBy: signed } };
    }),
  },
];

/** The cosigners who have signed every input. */
const wholeSigners = (evidence: Evidence): readonly string[] =>
  [...signedInputs(evidence)]
    .filter(([, count]) => count > 0 && count === evidence.inputs.length)
    .map(([name]) => name);

/** At how many inputs each cosigner has put a good signature, in the policy's order. */
export const signedInputs = ({ signatures, scripts }: Evidence): ReadonlyMap<string, number> => {
  const counts = new Map(scripts.policy.cosigners.map(({ name }) => [name, 0]));
  for (const { state, cosigner } of signatures) {
    if (state === 'good' && cosigner !== undefined)
      counts.set(cosigner, (counts.get(cosigner) ?? 0) + 1);
  }
  return counts;
};

/** Which cosigner is about to sign, by key and chain code; −1 for none. */
const cosignerIndex = ({ context: { signer }, scripts }: Evidence): number =>
  scripts.policy.cosigners.findIndex(
    (cosigner) => signer !== undefined && isSame(cosigner, signer),
  );

const isSame = ({ key: a }: Cosigner, { key: b }: Cosigner): boolean =>
  equalBytes(a.publicKey, b.publicKey) && equalBytes(a.chainCode, b.chainCode);

const hexNumber = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

/** One finding for each input, however many such signatures it has. */
function badSignatures(state: SignatureState, what: string): Rule['judge'] {
  return ({ signatures }) => {
    const found = new Map<string, Observation>();
    for (const signed of signatures) {
      const { where, publicKey, cosigner } = signed;
      if (signed.state !== state || found.has(where)) continue;
      found.set(where, {
        where,
        message: `A signature${cosigner === undefined ? '' : ` of ${cosigner}`} is ${what}.`,
        facts: {
          publicKey: formatHex(publicKey),
          ...(cosigner === undefined ? {} : { cosigner }),
        },
      });
    }
    return [...found.values()];
  };
}
