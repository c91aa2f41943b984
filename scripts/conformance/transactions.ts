import { type PolicyScripts, policyFromTemplate, policyScripts } from '@qoima/policy';
import { formatHex, isQoimaError, type Network, parseBase64 } from '@qoima/primitives';
import {
  combinePsbts,
  decodePsbt,
  extractTransaction,
  fieldOf,
  finalizePsbt,
  INPUT,
  matchPolicy,
  type Psbt,
  signPsbt,
  transactionId,
  verifySignatures,
  withoutTypes,
} from '@qoima/psbt';
import { ledgerClient, ledgerPolicyOf } from '@qoima/signer-ledger';
import { COUNTED_VERSION, emulate } from './emulated-device.ts';
import type { RecordedTransaction, Recordings } from './recordings.ts';
import { failed, listed, passed, type Verdict } from './verdict.ts';

/**
 * A finished transaction made anew: the recorded PSBT without its signatures is signed on an emulated
 * device of each recorded signer, combined, finalised and extracted, and must be the recorded bytes.
 */
export const judgeTransaction = async (
  recorded: RecordedTransaction,
  recordings: Recordings,
): Promise<Verdict> => {
  const psbt = unsigned(decodePsbt(parseBase64(recorded.psbtCombined)));
  const scripts = walletOf(psbt, recorded.network, recordings);
  if (scripts === undefined) {
    return psbt.inputs.some(isTaproot)
      ? listed('taproot policies are not emulated')
      : failed('its coins are of no wallet of the folder');
  }
  const signed: Psbt[] = [];
  for (const cosigner of recorded.signedBy) {
    const mnemonic = recordings.mnemonicOf(recorded.network, cosigner);
    if (mnemonic === undefined) return failed(`there is no cosigner ${cosigner}`);
    signed.push(await signedBy(mnemonic, recorded.network, psbt, scripts));
  }
  const combined = combinePsbts(signed);
  const match = matchPolicy(combined, scripts);
  const final = finalizePsbt(verifySignatures(combined, match));
  const transaction = extractTransaction(final);
  if (formatHex(transaction) !== recorded.transaction) return failed('the bytes differ');
  return transactionId(transaction) === recorded.txid ? passed : failed('the txid differs');
};

const unsigned = (psbt: Psbt): Psbt => ({
  ...psbt,
  inputs: psbt.inputs.map((map) => withoutTypes(map, new Set([INPUT.partialSignature.type]))),
});

const walletOf = (
  psbt: Psbt,
  network: string,
  { wallets }: Recordings,
): PolicyScripts | undefined => {
  for (const wallet of Object.values(wallets)) {
    if (wallet.network !== network) continue;
    try {
      const { name, keys, descriptorTemplate: template } = wallet;
      const of = { name, keys, template, network: networkOf(network) };
      const scripts = policyScripts(policyFromTemplate(of));
      matchPolicy(psbt, scripts);
      return scripts;
    } catch (error) {
      // Another wallet, or one that Qoima’s own policies cannot say.
      if (!isQoimaError(error)) throw error;
    }
  }
  return undefined;
};

const signedBy = async (
  mnemonic: string,
  network: string,
  psbt: Psbt,
  scripts: PolicyScripts,
): Promise<Psbt> => {
  const policy = ledgerPolicyOf(scripts.policy);
  const client = ledgerClient(emulate({ mnemonic, network, version: COUNTED_VERSION }).transport);
  const { hmac } = await client.registerPolicy(policy);
  const signer = {
    fingerprint: await client.fingerprint(),
    sign: () => client.signPsbt(psbt, policy, hmac),
  };
  return (await signPsbt(psbt, scripts, signer)).psbt;
};

const networkOf = (network: string): Network => (network === 'mainnet' ? 'mainnet' : 'testnet');

/** A coin of segwit version 1 (BIP-341). */
const isTaproot = (map: Psbt['inputs'][number]): boolean => {
  const script = fieldOf(map, INPUT.witnessUtxo)?.script;
  return script?.length === 34 && script[0] === 0x51 && script[1] === 0x20;
};
