import { encodeAddress, parseDescriptor, policyScripts } from '@qoima/policy';
import { formatHex, formatTxid, parseBase64, parseHex } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import {
  analyzePsbt,
  combinePsbts,
  convertPsbt,
  createPsbt,
  decodePsbt,
  encodePsbt,
  extractTransaction,
  fieldOf,
  finalizePsbt,
  INPUT,
  isSameTransaction,
  matchPolicy,
  type Psbt,
  type PsbtMap,
  type PsbtVersion,
  signPsbt,
  sortedMap,
  takeSignatures,
  transactionId,
  transactionVsize,
  verifySignatures,
  witnessTransactionId,
} from '../src/index.ts';
import { masterNode, nodeAt, secretSigner } from './wallet.ts';

interface Flow {
  readonly psbt_unsigned: string;
  readonly psbt_signed_by: readonly string[];
  readonly quorums: readonly {
    readonly signers: readonly number[];
    readonly combined_psbt: string;
    readonly final_tx: string;
    readonly txid: string;
    readonly wtxid: string;
    readonly vsize: number;
    readonly fee_btc: string;
  }[];
  readonly psbt_two_signatures: string;
  readonly analyze_two_signatures: { readonly next: string; readonly estimated_vsize: number };
}

interface Entry {
  readonly id: string;
  readonly kind: string;
  readonly type: string;
  readonly keys: readonly { readonly index: number; readonly seed: string }[];
  readonly descriptor_multipath: string;
  readonly receive_addresses: readonly string[];
  readonly change_addresses: readonly string[];
  readonly psbt_v0?: Flow;
  readonly psbt_v2?: Flow;
}

const { entries } = readVectors<Entry>('multisig/core-generated-3of5.json');
const ours = entries.filter(({ type }) => !type.startsWith('p2tr'));
const decoded = (base64: string): Psbt => decodePsbt(parseBase64(base64));

const walletOf = (entry: Entry) => {
  const { policy } = parseDescriptor(entry.descriptor_multipath, { network: 'regtest' });
  const scripts = policyScripts(policy);
  const signers = entry.keys.map(({ seed }, i) => {
    const { fingerprint, path } = policy.cosigners[i]!.origin;
    return secretSigner(nodeAt(masterNode(parseHex(seed)), path), i, fingerprint);
  });
  return { policy, scripts, signers };
};

const flows = ours.flatMap((entry) =>
  ([0, 2] as const).flatMap((version) => {
    const flow = version === 0 ? entry.psbt_v0 : entry.psbt_v2;
    return flow === undefined
      ? []
      : [{ name: `${entry.type}, version ${version}`, version, entry, flow }];
  }),
);

describe('addresses of Bitcoin Core’s 3-of-5 wallets', () => {
  it.each(ours)('$type', (entry) => {
    const { scripts } = walletOf(entry);
    const addresses = (branch: 'receive' | 'change') =>
      [0, 1, 2, 3, 4].map((i) => encodeAddress(scripts.at(branch, i).scriptPubKey, 'regtest'));
    expect(addresses('receive')).toStrictEqual(entry.receive_addresses);
    expect(addresses('change')).toStrictEqual(entry.change_addresses);
  });
});

describe.each(flows)('Bitcoin Core’s 3-of-5 spend: $name', ({ version, entry, flow }) => {
  const { policy, scripts, signers } = walletOf(entry);
  const unsigned = decoded(flow.psbt_unsigned);

  it('is matched: every input, and one output of change', () => {
    const match = matchPolicy(unsigned, scripts);
    expect(match.inputs.map(({ script }) => script.branch)).toStrictEqual(['receive', 'receive']);
    expect(match.outputs.filter((script) => script !== undefined)).toHaveLength(1);
    expect(match.fee).toBe(BigInt(Math.round(Number(flow.quorums[0]!.fee_btc) * 1e8)));
  });

  it('createPsbt makes the same transaction and no record less', () => {
    const created = recreate(unsigned, version, scripts);
    expect(isSameTransaction(created.transaction, unsigned.transaction)).toBe(true);
    expect(created.version).toBe(version);
    for (const [i, map] of unsigned.inputs.entries()) expectWithin(map, created.inputs[i]!);
    for (const [i, map] of unsigned.outputs.entries()) expectWithin(map, created.outputs[i]!);
  });

  it.each(flow.psbt_signed_by.map((text, i) => ({ text, i })))(
    'takes the signatures of signer $i and of nobody else',
    ({ text, i }) => {
      const intake = takeSignatures(unsigned, decoded(text), scripts);
      expect(intake.refused).toStrictEqual([]);
      // What other programs write back contradicts nothing.
      expect(intake.injected.filter(({ how }) => how !== 'added')).toStrictEqual([]);
      expect(intake.taken.map(({ inputIndex, cosigner }) => [inputIndex, cosigner])).toStrictEqual(
        unsigned.inputs.map((_, index) => [index, policy.cosigners[i]!.name]),
      );
      const { inputs } = analyzePsbt(intake.psbt, scripts);
      expect(inputs[0]!.signedBy).toStrictEqual([policy.cosigners[i]!.name]);
      expect(inputs[0]!.missing).toHaveLength(4);
    },
  );

  it.each(flow.quorums)('quorum $signers: combined, verified, final, the same transaction', (q) => {
    const signed = q.signers.map((i) => decoded(flow.psbt_signed_by[i - 1]!));
    const combined = combinePsbts(signed);
    expect(combined).toStrictEqual(inOrder(decoded(q.combined_psbt)));
    const verified = verifySignatures(combined, matchPolicy(combined, scripts));
    const transaction = extractTransaction(finalizePsbt(verified));
    expect(formatHex(transaction)).toBe(q.final_tx);
    expect(transactionId(transaction)).toBe(q.txid);
    expect(witnessTransactionId(transaction)).toBe(q.wtxid);
    expect(transactionVsize(transaction)).toBe(q.vsize);
    // The same through the coordinator's intake, one station after the other.
    const taken = signed.reduce((base, back) => takeSignatures(base, back, scripts).psbt, unsigned);
    const again = verifySignatures(taken, matchPolicy(taken, scripts));
    expect(formatHex(extractTransaction(finalizePsbt(again)))).toBe(q.final_tx);
  });

  it('two signatures are not enough', () => {
    const psbt = decoded(flow.psbt_two_signatures);
    const verified = verifySignatures(psbt, matchPolicy(psbt, scripts));
    expect(() => finalizePsbt(verified)).toThrow(
      expect.objectContaining({ code: 'PSBT_INCOMPLETE', kind: 'incomplete' }),
    );
    const { next, vsize } = analyzePsbt(psbt, scripts);
    expect(next).toBe(flow.analyze_two_signatures.next);
    // Core estimates signatures of 71 bytes, because it grinds for a low r; we take 72.
    const signatures = 3 * psbt.inputs.length;
    const difference = vsize! - flow.analyze_two_signatures.estimated_vsize;
    expect(difference).toBeGreaterThanOrEqual(0);
    expect(difference).toBeLessThanOrEqual(
      policy.scriptKind === 'sh' ? signatures : Math.ceil(signatures / 4),
    );
  });

  it('is signed by our own signers, five of them, and three are used', async () => {
    let psbt = unsigned;
    for (const signer of signers) {
      const signed = await signPsbt(psbt, scripts, signer);
      expect(signed.added).toHaveLength(2);
      psbt = signed.psbt;
    }
    expect(decodePsbt(encodePsbt(psbt))).toStrictEqual(psbt);
    const final = finalizePsbt(verifySignatures(psbt, matchPolicy(psbt, scripts)));
    const transaction = extractTransaction(final);
    if (policy.scriptKind !== 'sh') {
      expect(transactionId(transaction)).toBe(flow.quorums[0]!.txid);
    }
    expect(transactionVsize(transaction)).toBeLessThanOrEqual(analyzePsbt(psbt).vsize!);
    expect(analyzePsbt(final).next).toBe('extractor');
  });

  it('signatures of the other version are taken as well', () => {
    const other = convertPsbt(decoded(flow.psbt_signed_by[0]!), version === 0 ? 2 : 0);
    const intake = takeSignatures(unsigned, other, scripts);
    expect(intake.taken).toHaveLength(2);
    expect(intake.injected).toStrictEqual([]);
  });
});

describe('Bitcoin Core’s taproot 3-of-5', () => {
  it.each(entries.filter(({ type }) => type.startsWith('p2tr')))(
    '$type is no policy of ours, and its spend is no spend of ours',
    (entry) => {
      expect(() => parseDescriptor(entry.descriptor_multipath)).toThrow(
        expect.objectContaining({ code: 'POLICY_SCRIPT_UNSUPPORTED' }),
      );
      const { scripts } = walletOf(ours[0]!);
      for (const flow of [entry.psbt_v0!, entry.psbt_v2!]) {
        expect(() => matchPolicy(decoded(flow.psbt_unsigned), scripts)).toThrow(
          expect.objectContaining({ code: 'PSBT_PREVIOUS_TX_MISSING' }),
        );
      }
    },
  );
});

/** What `createPsbt` makes of the same coins and outputs. */
const recreate = (
  psbt: Psbt,
  version: PsbtVersion,
  scripts: ReturnType<typeof policyScripts>,
): Psbt => {
  const match = matchPolicy(psbt, scripts);
  const { inputs, outputs, lockTime } = psbt.transaction;
  return createPsbt({
    scripts,
    version,
    lockTime,
    sequence: inputs[0]!.sequence,
    coins: inputs.map(({ txid, vout }, i) => ({
      outpoint: { txid: formatTxid(txid), vout },
      amount: match.inputs[i]!.amount,
      branch: match.inputs[i]!.script.branch,
      index: match.inputs[i]!.script.index,
      previousTransaction: fieldOf(psbt.inputs[i]!, INPUT.nonWitnessUtxo)!,
    })),
    outputs: outputs.map(({ amount, script }, i) => {
      const change = match.outputs[i];
      return change === undefined
        ? { kind: 'payment', scriptPubKey: script, amount }
        : { kind: 'change', index: change.index, amount };
    }),
  });
};

const expectWithin = (records: PsbtMap, map: PsbtMap): void => {
  for (const record of records) expect(map).toContainEqual(record);
};

const inOrder = ({ global, inputs, outputs, ...rest }: Psbt): Psbt => ({
  ...rest,
  global: sortedMap(global),
  inputs: inputs.map(sortedMap),
  outputs: outputs.map(sortedMap),
});
