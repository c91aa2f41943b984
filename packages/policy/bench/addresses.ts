import {
  type Cosigner,
  encodeAddress,
  parseCosignerKey,
  policyScripts,
  walletPolicy,
} from '@qoima/policy';
import { BIP32Factory, type BIP32Interface } from 'bip32';
import { networks, payments } from 'bitcoinjs-lib';
import * as secp256k1 from 'tiny-secp256k1';

/** CPU milliseconds of the same work by Qoima and by another library, in one process. */
export interface BenchRow {
  readonly name: string;
  readonly oursMs: number;
  readonly theirsMs: number;
  /** How many times faster Qoima is. */
  readonly ratio: number;
}

const REQUIRED = 3;
const TOTAL = 5;
const ROUND = 500;

/**
 * Receive addresses of a 3-of-5 `wsh(sortedmulti)` from index 0 on: Qoima against bitcoinjs-lib with
 * bip32, both with the branch keys derived once. The two take turns every 500 addresses, so that what
 * else the machine does falls on both, and every address is compared.
 */
export const benchAddresses = (count = 10_000): readonly BenchRow[] => {
  const accounts = makeAccounts();
  const ours = ourAddresses(accounts);
  const theirs = theirAddresses(accounts);
  let oursMs = 0;
  let theirsMs = 0;
  for (let from = 0; from < count; from += ROUND) {
    const to = Math.min(from + ROUND, count);
    const [ourTexts, ourMs] = timed(() => range(from, to).map(ours));
    const [theirTexts, theirMs] = timed(() => range(from, to).map(theirs));
    if (ourTexts.join() !== theirTexts.join()) throw new Error('the addresses differ');
    oursMs += ourMs;
    theirsMs += theirMs;
  }
  const name = `${count} receive addresses, ${REQUIRED}-of-${TOTAL} wsh(sortedmulti)`;
  return [{ name, oursMs, theirsMs, ratio: theirsMs / oursMs }];
};

interface Account {
  readonly fingerprint: string;
  readonly node: BIP32Interface;
}

const ACCOUNT_PATH = "48'/0'/0'/2'";

const makeAccounts = (): readonly Account[] =>
  range(0, TOTAL).map((i) => {
    const master = BIP32Factory(secp256k1).fromSeed(new Uint8Array(32).fill(i + 1));
    const node = master.derivePath(ACCOUNT_PATH).neutered();
    return { fingerprint: Buffer.from(master.fingerprint).toString('hex'), node };
  });

const ourAddresses = (accounts: readonly Account[]): ((index: number) => string) => {
  const cosigners: readonly Cosigner[] = accounts.map(({ fingerprint, node }, i) => ({
    name: `cosigner ${i + 1}`,
    ...parseCosignerKey(`[${fingerprint}/${ACCOUNT_PATH}]${node.toBase58()}`),
  }));
  const scripts = policyScripts(
    walletPolicy({
      name: 'Bench',
      network: 'mainnet',
      scriptKind: 'wsh',
      sorted: true,
      quorum: { required: REQUIRED, total: TOTAL },
      cosigners,
    }),
  );
  return (index) => encodeAddress(scripts.at('receive', index).scriptPubKey, 'mainnet');
};

const theirAddresses = (accounts: readonly Account[]): ((index: number) => string) => {
  const network = networks.bitcoin;
  const branches = accounts.map(({ node }) => node.derive(0));
  return (index) => {
    const pubkeys = branches
      .map((branch) => branch.derive(index).publicKey)
      .toSorted((a, b) => Buffer.compare(a, b));
    const redeem = payments.p2ms({ m: REQUIRED, pubkeys, network });
    const { address } = payments.p2wsh({ redeem, network });
    if (address === undefined) throw new Error('a P2WSH output always has an address');
    return address;
  };
};

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

const timed = <Result>(work: () => Result): readonly [Result, number] => {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return [result, (user + system) / 1000];
};
