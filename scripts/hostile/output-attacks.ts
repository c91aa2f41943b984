import {
  type Branch,
  multisigScript,
  type PolicyScript,
  payToScriptHash,
  payToWitnessScriptHash,
  policyScripts,
} from '@qoima/policy';
import { MAX_SATS, parseHex } from '@qoima/primitives';
import { type Coin, OUTPUT, type Psbt, record } from '@qoima/psbt';
import {
  BRANCH_STEP,
  editOutput,
  editRecords,
  editTransaction,
  hardened,
  INDEX_STEP,
  originWith,
  put,
  without,
} from '../../packages/review/test/spend.ts';
import { blocked, type HostileCase, noted, warned } from './hostile-case.ts';
import {
  BTC,
  CHANGE,
  CUSTODIANS,
  change,
  coinAt,
  cosignerNamed,
  FEE,
  own,
  PAID,
  payee,
  payment,
  policyOf,
  spend,
  thief,
} from './reserve.ts';

const clean = spend();

/** The change of the clean spend pays this script, and still says that it is ours. */
const changeTo = (script: Uint8Array, psbt: Psbt = clean): Psbt =>
  editTransaction(psbt, (transaction) => ({
    ...transaction,
    outputs: transaction.outputs.map((output, i) => (i === 1 ? { ...output, script } : output)),
  }));

/** The change's key paths with other numbers. */
const paths = (psbt: Psbt, numbers: Readonly<Record<number, number>>): Psbt =>
  editOutput(
    psbt,
    1,
    editRecords(OUTPUT.derivation, (one) => ({ ...one, value: originWith(one.value, numbers) })),
  );

/** Keys and paths of a place of ours at the change output, with its witness script. */
const claiming = (
  psbt: Psbt,
  { publicKeys, witnessScript }: PolicyScript,
  numbers: Readonly<Record<number, number>>,
): Psbt =>
  editOutput(psbt, 1, (map) => {
    const origins = map
      .filter(({ type }) => type === OUTPUT.derivation.type)
      .map(({ keyData, value }) => {
        const at = own()
          .at('change', 4)
          .publicKeys.findIndex((key) => Buffer.compare(key, keyData) === 0);
        return { at, value };
      });
    return put(
      record(OUTPUT.witnessScript, witnessScript!),
      ...origins.map(({ at, value }) => ({
        type: OUTPUT.derivation.type,
        keyData: publicKeys[at]!,
        value: originWith(value, numbers),
      })),
    )(without(OUTPUT.derivation)(map));
  });

/** The coins of the clean spend and one of 10,000 satoshis at this number. */
const led = (index: number): readonly Coin[] => [
  coinAt('receive', 0),
  coinAt('change', 3),
  coinAt('receive', index, 10_000n),
];

const place = (branch: Branch, index: number): PolicyScript => own().at(branch, index);
const scriptOf = (script: PolicyScript): Uint8Array => script.scriptPubKey;

const weaker = policyScripts(policyOf('wsh', { quorum: { required: 2, total: 5 } }));
const swapped = policyScripts(
  policyOf('wsh', {
    cosigners: [...CUSTODIANS.slice(0, 4), 'Kairat' as const].map((who) => cosignerNamed(who)),
  }),
);
const few = policyScripts(
  policyOf('wsh', { quorum: { required: 1, total: 1 }, cosigners: [cosignerNamed('Aigerim')] }),
);

/** All keys of ours, in an order that is not the policy's. */
const otherOrder = payToWitnessScriptHash(
  multisigScript(3, place('change', 4).scriptKeys.toReversed()),
);

const substituted = (
  id: string,
  title: string,
  attack: string,
  source: string,
  psbt: Psbt,
  combine: string | null = 'COORDINATOR_STRANGE_PSBT',
): HostileCase => blocked('change-not-proven', { id, title, attack, source, clean, psbt, combine });

/** The transaction is the one that was sent; what is said of it is not. */
const FIELDS = 'COORDINATOR_FIELDS_REFUSED';

const changeAttacks: readonly HostileCase[] = [
  substituted(
    'change-to-a-thief',
    'The change output claims our key paths and pays the thief',
    'A signer that believes the key paths does not show the output: 5 BTC go unseen.',
    'Trezor, 2019; BIP-174, PSBT_OUT_BIP32_DERIVATION',
    changeTo(thief),
  ),
  substituted(
    'change-of-lower-quorum',
    'Change to the same five keys, of which two are enough',
    'All keys are ours, so a wallet that looks at keys alone says “change”; two colluding custodians take it.',
    'SeedSigner 1032; buidl',
    changeTo(scriptOf(weaker.at('change', 4))),
  ),
  substituted(
    'change-with-key-swapped',
    'Change to four of our keys and one of the attacker',
    'Four names are right; with two custodians in it, or two stolen keys, the money is gone.',
    'Coldcard before 3.2.1',
    changeTo(scriptOf(swapped.at('change', 4))),
  ),
  substituted(
    'change-to-single-key',
    'Change to a 1-of-1 of a custodian’s own key',
    'From five guardians to one, behind key paths that are all true.',
    'trezor 4351: multisig to singlesig change',
    changeTo(scriptOf(few.at('change', 4))),
  ),
  substituted(
    'change-of-nested-kind',
    'Change to the same script, nested in P2SH',
    'Another script type: the coordinator’s wallet does not see it, and the attacker asks for a ransom.',
    'Trezor, 2019; script type substitution',
    changeTo(payToScriptHash(scriptOf(place('change', 4)))),
  ),
  substituted(
    'change-of-bare-sh',
    'Change to the same keys in bare P2SH',
    'As before.',
    'Trezor, 2019; script type substitution',
    changeTo(payToScriptHash(multisigScript(3, place('change', 4).scriptKeys))),
  ),
  substituted(
    'change-keys-in-other-order',
    'Change to the same five keys in another order',
    'A valid 3-of-5 of ours that no descriptor finds.',
    'BIP-67; ransom',
    changeTo(otherOrder),
  ),
  substituted(
    'change-path-of-other-index',
    'The key paths of the change name the next address',
    'The money lies where no path leads that anybody wrote down.',
    'Coldcard, consider_dangerous_change',
    paths(clean, { [INDEX_STEP]: 5 }),
    FIELDS,
  ),
  substituted(
    'change-path-hardened',
    'The index of the change’s key paths is hardened',
    'No watching wallet can ever derive it.',
    'Coldcard, consider_dangerous_change; BIP-32',
    paths(clean, { [INDEX_STEP]: hardened(4) }),
    FIELDS,
  ),
  substituted(
    'change-on-third-branch',
    'Change on branch 2, which the policy has not',
    'Derivable by the custodians’ keys, and searched by no wallet.',
    'BIP-388; Ledger, sign_psbt.c',
    paths(clean, { [BRANCH_STEP]: 2 }),
    FIELDS,
  ),
  substituted(
    'change-paths-disagree',
    'One key path of the change is another than the rest, and comes last',
    'A signer that looks at the first record alone is content.',
    'entropylab 194: order of derivation records',
    editOutput(
      clean,
      1,
      editRecords(OUTPUT.derivation, (one, at) =>
        at === 4 ? { ...one, value: originWith(one.value, { [INDEX_STEP]: 9 }) } : one,
      ),
    ),
    FIELDS,
  ),
  substituted(
    'change-paths-disagree-first',
    'One key path of the change is another than the rest, and comes first',
    'The same in another order: the answer must not depend on it.',
    'entropylab 194: order of derivation records',
    editOutput(
      clean,
      1,
      editRecords(OUTPUT.derivation, (one, at) =>
        at === 0 ? { ...one, value: originWith(one.value, { [INDEX_STEP]: 9 }) } : one,
      ),
    ),
    FIELDS,
  ),
  substituted(
    'change-claimed-by-fingerprint',
    'A payment to the thief bears a custodian’s fingerprint and path',
    'One true fingerprint makes a payment look like change.',
    'BIP-129: fingerprints can be spoofed',
    editOutput(changeTo(thief), 1, (map) =>
      map.filter(
        ({ type }, i) =>
          type !== OUTPUT.derivation.type ||
          i === map.findIndex((one) => one.type === OUTPUT.derivation.type),
      ),
    ),
  ),
  substituted(
    'payment-claimed-as-change',
    'The payment claims the key paths of a coin that is spent',
    'Shown as our own, 15 BTC leave unseen.',
    'SeedSigner 1032',
    editOutput(
      clean,
      0,
      put(
        ...clean.inputs[0]!.filter(({ type }) => type === 0x06).map((one) => ({
          ...one,
          type: OUTPUT.derivation.type,
        })),
      ),
    ),
    null,
  ),
  blocked('network-other', {
    id: 'change-on-mainnet-path',
    title: 'The key paths of the change are those of mainnet',
    attack: 'The change is said to be ours on another network.',
    source: 'isolation bypass, Ledger and Coldcard, 2020; BIP-44',
    clean,
    psbt: paths(clean, { 2: hardened(0) }),
    combine: FIELDS,
  }),
  warned('change-index-far', {
    id: 'change-index-ransom',
    title: 'Change to address number 2,000,000,000 of the change branch',
    attack: 'It is ours, and found by nobody who does not know the number: the attacker sells it.',
    source: 'ransom by far index; Coldcard, consider_dangerous_change',
    clean,
    psbt: claiming(
      changeTo(scriptOf(place('change', 2_000_000_000))),
      place('change', 2_000_000_000),
      { [INDEX_STEP]: 2_000_000_000 },
    ),
  }),
  warned('change-index-far', {
    id: 'change-index-led-by-dust',
    title: 'Change to a far address number, beside dust that lies as far',
    attack:
      'The attacker pays dust to address number 2,000,000,000 and has it spent too, so that change next to it seems near.',
    source: 'ransom by far index',
    clean: spend({ coins: led(4) }),
    psbt: spend({
      coins: led(2_000_000_000),
      outputs: [payment(PAID), change(CHANGE, 2_000_000_001)],
    }),
  }),
  blocked('change-count', {
    id: 'change-eleven-times',
    title: 'Eleven change outputs',
    attack: 'More than a Ledger takes, after five people have travelled.',
    source: 'Ledger, sign_psbt.c, error 0009',
    clean,
    psbt: spend({
      outputs: [
        payment(PAID),
        ...Array.from({ length: 11 }, (_, i) => change(1_000_000n, i)),
        payment(CHANGE - 11_003_000n),
      ],
    }),
  }),
  noted('output-own-receive', {
    id: 'change-to-receive-branch',
    title: 'Change goes to the receive branch',
    attack:
      'An address that may have been given to somebody: what is paid to it is taken for theirs.',
    source: 'Ledger, sign_psbt.c: change on /1/* alone; app-bitcoin 109',
    clean,
    psbt: claiming(changeTo(scriptOf(place('receive', 4))), place('receive', 4), {
      [BRANCH_STEP]: 0,
    }),
  }),
  noted('output-own-undeclared', {
    id: 'own-address-undeclared',
    title: 'The address of a coin that is spent is paid again, as a stranger’s',
    attack:
      'Shown as a payment, it hides how little is paid in truth; and an address is used twice.',
    source: 'BIP-174, change without its key paths',
    clean,
    psbt: spend({ outputs: [payment(PAID), payment(CHANGE, scriptOf(place('receive', 0)))] }),
  }),
  noted(null, {
    id: 'payee-substituted',
    title: 'The payment goes to the thief, and is a payment like any other',
    attack:
      'Malware on the coordinator replaces the address. No rule can know; the digest that was read out does.',
    source: 'clipboard malware; Bybit, 2025',
    clean,
    psbt: spend({ outputs: [payment(PAID, thief), change(CHANGE)] }),
  }),
  noted(null, {
    id: 'payee-look-alike',
    title: 'The payment goes to a script that begins and ends like the payee’s',
    attack: 'Address poisoning: a person compares the first and the last letters.',
    source: 'address poisoning, 2022 on',
    clean,
    psbt: spend({
      outputs: [
        payment(
          PAID,
          payee.map((byte, i) => (i > 6 && i < 17 ? 0x66 : byte)),
        ),
        change(CHANGE),
      ],
    }),
  }),
  noted(null, {
    id: 'change-undeclared-to-thief',
    title: 'The change goes to the thief, and says nothing',
    attack: 'Without key paths it is a second payment: it is shown, and the digest is another.',
    source: 'change substitution',
    clean,
    psbt: spend({ outputs: [payment(PAID), payment(CHANGE, thief)] }),
  }),
  noted(null, {
    id: 'amount-moved',
    title: 'One bitcoin more is paid, and one less comes back',
    attack: 'A file of the right name on the medium, exchanged on the way.',
    source: 'removable media swap',
    clean,
    psbt: spend({ outputs: [payment(PAID + BTC), change(CHANGE - BTC)] }),
  }),
];

/** The clean spend with a third output. */
const third = (script: Uint8Array, amount: bigint): Psbt =>
  spend({ outputs: [payment(PAID), change(CHANGE - amount - FEE), payment(amount, script)] });

/** The public key of vector 5 of BIP-340, which no point of the curve has for its x. */
const NO_POINT = parseHex('eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34');

const scriptAttacks: readonly HostileCase[] = [
  blocked('output-script-long', {
    id: 'script-of-84-bytes',
    title: 'An output pays to a script of 84 bytes',
    attack: 'No address is so long; a device’s buffer may be shorter.',
    source: 'Ledger, MAX_OUTPUT_SCRIPTPUBKEY_LEN',
    clean,
    psbt: third(Uint8Array.of(0x4c, 82, ...new Uint8Array(82).fill(1)), BTC),
  }),
  blocked('output-burnt', {
    id: 'amount-burnt',
    title: 'One bitcoin goes to an OP_RETURN output',
    attack: 'It is gone for ever, and no address shows it.',
    source: 'Bitcoin Core, maxburnamount',
    clean,
    psbt: third(Uint8Array.of(0x6a, 4, 1, 2, 3, 4), BTC),
  }),
  blocked('output-burnt', {
    id: 'amount-burnt-in-taproot',
    title: 'One bitcoin goes to a taproot key that is no point of the curve',
    attack:
      'The address looks like any other and every node relays it; neither a key nor a script can ever spend it.',
    source: 'BIP-341; BIP-340, lift_x and test vector 5',
    clean,
    psbt: third(Uint8Array.of(0x51, 32, ...NO_POINT), BTC),
  }),
  warned('output-op-return', {
    id: 'data-output',
    title: 'An OP_RETURN output carries data',
    attack: 'The reserve signs a message of the attacker’s, for all to read for ever.',
    source: 'Coldcard',
    clean,
    psbt: third(Uint8Array.of(0x6a, 4, 1, 2, 3, 4), 0n),
  }),
  blocked('output-zero', {
    id: 'amount-zero',
    title: 'An output pays nothing',
    attack: 'Signed, and relayed by nobody.',
    source: 'Coldcard',
    clean,
    psbt: third(thief, 0n),
  }),
  warned('output-unknown-script', {
    id: 'script-anybody-can-spend',
    title: 'An output pays to OP_TRUE',
    attack: 'Anybody who sees it takes it.',
    source: 'Sparrow',
    clean,
    psbt: third(Uint8Array.of(0x51), BTC),
  }),
  warned('output-unknown-script', {
    id: 'script-of-coming-segwit',
    title: 'An output pays to witness version 16',
    attack: 'To this day anybody can spend it.',
    source: 'BIP-141; BIP-350',
    clean,
    psbt: third(Uint8Array.of(0x60, 32, ...new Uint8Array(32).fill(0x66)), BTC),
  }),
  warned('output-dust', {
    id: 'amount-dust',
    title: 'An output of 100 satoshis',
    attack: 'Signed, and relayed by nobody.',
    source: 'Bitcoin Core, dust relay fee',
    clean,
    psbt: third(thief, 100n),
  }),
];

/** A spend of 100 BTC to 380 payees, large enough for a large fee at a small rate. */
const roll = (fee: bigint): Psbt => {
  const coins = [coinAt('receive', 0, 50n * BTC), coinAt('change', 3, 50n * BTC)];
  const wages = Array.from({ length: 380 }, () => payment(1_000_000n));
  return spend({ coins, outputs: [...wages, change(100n * BTC - 380n * 1_000_000n - fee)] });
};
const small = (fee: bigint): Psbt => {
  const coins = [coinAt('receive', 0, 1_000_000n), coinAt('change', 3, 1_000_000n)];
  return spend({ coins, outputs: [payment(1_000_000n), change(1_000_000n - fee)] });
};
const paying = (fee: bigint): Psbt =>
  spend({ outputs: [payment(PAID), change(CHANGE + FEE - fee)] });

const outputs = (edit: (amount: bigint, at: number) => bigint): Psbt =>
  editTransaction(clean, (transaction) => ({
    ...transaction,
    outputs: transaction.outputs.map((output, i) => ({
      ...output,
      amount: edit(output.amount, i),
    })),
  }));

const MINER = 'A miner who works with the coordinator earns it; or a slip of the hand.';

const feeAttacks: readonly HostileCase[] = [
  blocked('amount-sum', {
    id: 'amounts-beyond-supply',
    title: 'Two outputs add up to more than 21 million BTC',
    attack: 'A sum that overflows shows a small number.',
    source: 'CVE-2010-5139',
    clean,
    psbt: outputs(() => MAX_SATS),
  }),
  blocked('fee-negative', {
    id: 'fee-below-zero',
    title: 'The outputs take more than the inputs bring',
    attack: 'Unsigned arithmetic shows an immense fee, or none.',
    source: 'consensus, bad-txns-in-belowout',
    clean,
    psbt: outputs((amount, i) => (i === 0 ? amount + 10n * BTC : amount)),
  }),
  blocked('fee-amount-refused', {
    id: 'fee-of-1-btc',
    title: 'A fee of 1.01 BTC',
    attack: MINER,
    source: 'Liana; subzero',
    clean: roll(50_000n),
    psbt: roll(101_000_000n),
    also: ['fee-rate'],
  }),
  blocked('fee-rate-refused', {
    id: 'fee-rate-of-12000',
    title: 'A fee rate of some 12,000 sat/vB',
    attack: MINER,
    source: 'Bitcoin Core, maxfeerate',
    clean,
    psbt: paying(6_200_000n),
  }),
  blocked('fee-share-refused', {
    id: 'fee-share-of-12-percent',
    title: 'The fee is 12 % of what is spent',
    attack: MINER,
    source: 'Coldcard',
    clean: small(2_000n),
    psbt: small(240_000n),
  }),
  warned('fee-amount', {
    id: 'fee-of-0.11-btc',
    title: 'A fee of 0.11 BTC',
    attack: MINER,
    source: 'Bitcoin Core, maxtxfee',
    clean: roll(50_000n),
    psbt: roll(11_000_000n),
  }),
  warned('fee-rate', {
    id: 'fee-rate-of-1500',
    title: 'A fee rate of some 1,500 sat/vB',
    attack: MINER,
    source: 'Liana; Caravan',
    clean,
    psbt: paying(800_000n),
  }),
  warned('fee-share', {
    id: 'fee-share-of-6-percent',
    title: 'The fee is 6 % of what is spent',
    attack: MINER,
    source: 'Coldcard; Electrum',
    clean: small(2_000n),
    psbt: small(120_000n),
  }),
  noted('fee-rate-low', {
    id: 'fee-of-50-satoshis',
    title: 'A fee of 50 satoshis',
    attack: 'Relayed by nobody, it waits for the day that suits the attacker.',
    source: 'Bitcoin Core, minrelaytxfee',
    clean,
    psbt: paying(50n),
  }),
];

/** Spends that the machine has a memory of. */
const sibling = spend({ outputs: [payment(PAID, thief), change(CHANGE)] });
const seven = Array.from({ length: 7 }, (_, index) => coinAt('receive', index, 4n * BTC));
const stuck = spend({
  coins: seven.slice(0, 6),
  outputs: [payment(PAID), change(24n * BTC - PAID - FEE)],
});
const replacement = spend({ outputs: [payment(PAID), change(CHANGE - 5_000n)] });

const historyAttacks: readonly HostileCase[] = [
  warned('history-coin-signed', {
    id: 'coin-signed-for-before',
    title: 'The coins are in a transaction that was signed before',
    attack:
      'The first is withheld and the second paid as well: whichever the attacker likes confirms. The second half of CVE-2020-14199, too.',
    source: 'BIP-125; CVE-2020-14199; Coldcard, history.py',
    clean,
    psbt: sibling,
    earlier: [clean],
  }),
  warned('history-coin-signed', {
    id: 'second-spend-replaced-behind-the-first',
    title: 'Six coins are in one spend that was signed before, and the seventh in another',
    attack:
      'A sheet that lists the first few names the one that is to be replaced; the other payment is undone with it, unseen.',
    source: 'BIP-125; findings listed in part',
    clean: stuck,
    psbt: spend({ coins: seven, outputs: [payment(PAID), change(28n * BTC - PAID - 8_000n)] }),
    earlier: [
      stuck,
      spend({ coins: seven.slice(6), outputs: [payment(BTC), change(3n * BTC - FEE)] }),
    ],
  }),
  blocked('history-superseded', {
    id: 'superseded-spend-again',
    title: 'A spend comes back after it was replaced by another',
    attack: 'Signatures for the replaced transaction are collected quietly, and undo the new one.',
    source: 'replay of a superseded proposal',
    clean: replacement,
    psbt: clean,
    earlier: [clean, replacement],
  }),
];

export const outputAttacks: readonly HostileCase[] = [
  ...changeAttacks,
  ...scriptAttacks,
  ...feeAttacks,
  ...historyAttacks,
];
