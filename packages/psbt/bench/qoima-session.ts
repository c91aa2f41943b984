import { publicKeyOf, signEcdsa, tweakSecretKey } from '@qoima/curve/secret';
import { policyScripts } from '@qoima/policy';
import { concatBytes, hmacSha512 } from '@qoima/primitives';
import {
  combinePsbts,
  createPsbt,
  encodePsbt,
  encodeSignature,
  extractTransaction,
  finalizePsbt,
  matchPolicy,
  type Psbt,
  parsePsbt,
  SIGHASH,
  type Signer,
  signatureHashes,
  signPsbt,
  type VerifiedPsbt,
  verifySignatures,
} from '@qoima/psbt';
import { stopwatch } from './calls.ts';
import type { Contestant } from './contestant.ts';
import type { Spend } from './spend.ts';

const oneThread = { workers: 0 } as const;

/** Qoima. The policy check derives all scripts anew, as another party would. */
export const qoima: Contestant = {
  session: async (spend) => {
    const { wallet } = spend;
    const { calls, time, timeAsync } = stopwatch();
    const created = time('create', () => create(spend));
    const psbt = time('serialise', () => encodePsbt(created));
    const returned: Uint8Array[] = [];
    for (const [i, cosigner] of spend.signers.entries()) {
      const received = time('parse', () => parsePsbt(psbt));
      const signer = branchSigner(spend.branches[i]!, cosigner);
      const signed = await timeAsync('sign', () =>
        signPsbt(received, wallet.scripts, signer, oneThread),
      );
      returned.push(time('serialise', () => encodePsbt(signed.psbt)));
    }
    const parsed = returned.map((bytes) => time('parse', () => parsePsbt(bytes)));
    const combined = time('combine', () => combinePsbts(parsed));
    const match = time('policy check', () => matchPolicy(combined, policyScripts(wallet.policy)));
    const verified = time('verify', () => verifySignatures(combined, match, oneThread));
    const final = time('finalise', () => finalizePsbt(verified));
    const transaction = time('extract', () => extractTransaction(final));
    return { calls, psbt, returned, transaction };
  },
  paperwork: (spend, signed) => {
    const { calls, time } = stopwatch();
    const created = time('create', () => create(spend));
    time('serialise', () => encodePsbt(created));
    const parsed = signed.map((file) => time('parse', () => parsePsbt(file)));
    const combined = time('combine', () => combinePsbts(parsed));
    // These very signatures were verified in the session that they come from.
    const match = matchPolicy(combined, spend.wallet.scripts);
    const verified = { ...combined, match } as VerifiedPsbt;
    const final = time('finalise', () => finalizePsbt(verified));
    time('extract', () => extractTransaction(final));
    return calls;
  },
};

const create = ({ wallet, coins, payment, change }: Spend): Psbt =>
  createPsbt({
    scripts: wallet.scripts,
    coins,
    outputs: [
      { kind: 'payment', scriptPubKey: payment.script, amount: payment.amount },
      { kind: 'change', ...change },
    ],
  });

/** Signs with one key of the receive branch for each input, derived as it is needed. */
const branchSigner = (
  branch: { readonly secret: Uint8Array; readonly chainCode: Uint8Array },
  cosigner: number,
): Signer => {
  const branchKey = publicKeyOf(branch.secret);
  const message = concatBytes(branchKey, new Uint8Array(4));
  const index = new DataView(message.buffer, branchKey.length);
  return {
    fingerprint: new Uint8Array(4),
    sign: async ({ match }) => {
      const hashes = signatureHashes(match);
      return match.inputs.map(({ script }, inputIndex) => {
        index.setUint32(0, script.index);
        const material = hmacSha512(branch.chainCode, message);
        const secret = tweakSecretKey(branch.secret, material.subarray(0, 32))!;
        const compact = signEcdsa(hashes(inputIndex), secret);
        const signature = encodeSignature({ compact, flag: SIGHASH.all });
        return { inputIndex, publicKey: script.publicKeys[cosigner]!, signature };
      });
    },
  };
};
