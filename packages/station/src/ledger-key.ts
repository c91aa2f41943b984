import { type Cosigner, type DerivationPath, HARDENED, type ScriptKind } from '@qoima/policy';
import { type Network, networks } from '@qoima/primitives';
import { modelName, withLedger } from './ledger-work.ts';
import type { Session } from './session.ts';

/** A key that lives in a Ledger. What is kept here is public. */
export interface LedgerKey {
  readonly kind: 'ledger';
  /** The custodian's, as it stands in the policy. */
  readonly name: string;
  /** The device's, when the key was read from it. */
  readonly model: string;
  /** Its account keys, so that the device is needed for nothing but to register, to show and to sign. */
  readonly keys: Readonly<Record<ScriptKind, Cosigner>>;
}

/** The key of the Ledger that is plugged in, under this custodian's name. @throws `DEVICE_…` */
export const readLedgerKey = (session: Session, name: string): Promise<LedgerKey> =>
  withLedger(session, undefined, async (ledger) => {
    const at = async (scriptKind: ScriptKind): Promise<Cosigner> => {
      const path = ledgerAccountPath(scriptKind, session.station.network);
      const origin = { fingerprint: ledger.fingerprint, path };
      return { name, origin, key: await ledger.extendedKey(path) };
    };
    const keys = { wsh: await at('wsh'), 'sh-wsh': await at('sh-wsh'), sh: await at('sh') };
    return { kind: 'ledger', name, model: modelName(ledger.model), keys };
  });

/**
 * Where the key for a policy is in a Ledger: as `accountPath` of signer-software for `wsh` and `sh-wsh`
 * (BIP-48), and `m/45'/coin'/0'` for `sh`, because the app gives out no key of BIP-87.
 */
const ledgerAccountPath = (scriptKind: ScriptKind, network: Network): DerivationPath => {
  const { coinType } = networks[network];
  return STEPS[scriptKind](coinType).map((step) => step + HARDENED);
};

const STEPS: Readonly<Record<ScriptKind, (coinType: number) => readonly number[]>> = {
  wsh: (coinType) => [48, coinType, 0, 2],
  'sh-wsh': (coinType) => [48, coinType, 0, 1],
  sh: (coinType) => [45, coinType, 0],
};
