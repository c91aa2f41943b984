import { type DerivationPath, HARDENED, type ScriptKind } from '@qoima/policy';
import { type Network, networks } from '@qoima/primitives';
import { signerSoftwareError } from './errors.ts';

/** BIP-48's script types. It has none for bare P2SH. */
const BIP48_SCRIPT_TYPE: Readonly<Record<'sh-wsh' | 'wsh', number>> = { 'sh-wsh': 1, wsh: 2 };

/**
 * Where a cosigner's key comes from unless told otherwise: `m/48'/coin'/account'/2'` for `wsh` and
 * `…/1'` for `sh-wsh` (BIP-48), `m/87'/coin'/account'` for `sh` (BIP-87).
 *
 * BIP-45, the older way for P2SH, has a level for the cosigner between key and branch, which a
 * policy of `<0;1>/*` cannot say.
 * @throws `SIGNER_ACCOUNT_INVALID`
 */
export const accountPath = (
  scriptKind: ScriptKind,
  network: Network,
  account = 0,
): DerivationPath => {
  if (!Number.isInteger(account) || account < 0 || account >= HARDENED) {
    throw signerSoftwareError('SIGNER_ACCOUNT_INVALID', `There is no account ${account}.`);
  }
  const { coinType } = networks[network];
  const steps =
    scriptKind === 'sh'
      ? [87, coinType, account]
      : [48, coinType, account, BIP48_SCRIPT_TYPE[scriptKind]];
  return steps.map((step) => step + HARDENED);
};
