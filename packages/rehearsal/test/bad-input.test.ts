import { readFileSync } from 'node:fs';
import {
  type Cosigner,
  decodeKeyRecord,
  encodeKeyRecord,
  encodePolicyFile,
  policyScripts,
  walletPolicy,
} from '@qoima/policy';
import type { Network } from '@qoima/primitives';
import {
  assemblePsbt,
  createPsbt,
  encodePsbt,
  encodeTransaction,
  fieldOf,
  fieldsOf,
  INPUT,
  type Psbt,
  type PsbtMap,
  type PsbtRecord,
  record,
  transactionId,
  withRecords,
} from '@qoima/psbt';
import { accountPath, cosignerOf, generateMnemonic } from '@qoima/signer-software';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededBytes } from '../src/seed.ts';
import type { End } from './programs-at-hand.ts';
import { CUSTODIANS, done, json, openReserve, propose, type Reserve, sign } from './reserve.ts';

/*
 * What a new user might hand to the programs, and what a liar might. Each time there must be one line
 * that says what is wrong and what to do, an exit code that scripts can rely on (3: a check said no),
 * and nothing changed in any folder of a program, journals included.
 */

let reserve: Reserve;
/** A proposal of the reserve, and its PSBT as two stations signed it. */
let spend: { readonly id: string; readonly digest: string };
let bySigner: { readonly aigerim: Psbt; readonly dana: Psbt };

beforeAll(async () => {
  reserve = await openReserve({ coins: 4 });
  spend = await propose(reserve, 'spend.psbt');
  const psbt = reserve.medium('spend.psbt');
  await sign(reserve, 'Aigerim', psbt, spend.digest);
  await sign(reserve, 'Dana', psbt, spend.digest);
  bySigner = {
    aigerim: reserve.read('spend.psbt signed by Aigerim'),
    dana: reserve.read('spend.psbt signed by Dana'),
  };
});
afterAll(() => reserve.close());

/** Expects one line with this code and this exit code, and no change; gives the line. */
const refusal = async (run: () => Promise<End>, code: string, exit = 3): Promise<string> => {
  const before = reserve.digest();
  const end = await run();
  expect(end.stderr).toMatch(new RegExp(`^error ${code}: [^\\n]+\\.\\n$`));
  expect(end.code).toBe(exit);
  expect(reserve.digest()).toBe(before);
  return end.stderr;
};

const inspect = (file: string) => () => reserve.station('Bolat', 'inspect', file);
const signIt = (file: string) => () =>
  reserve.station('Bolat', 'sign', file, '--accept', spend.digest);
const combine =
  (...files: readonly string[]) =>
  () =>
    reserve.qoima('combine', ...files);

/** The first input with other records. */
const inFirst = (psbt: Psbt, edit: (map: PsbtMap) => PsbtMap): Psbt => ({
  ...psbt,
  inputs: psbt.inputs.map((map, i) => (i === 0 ? edit(map) : map)),
});

const put =
  (one: PsbtRecord) =>
  (map: PsbtMap): PsbtMap =>
    withRecords(map, [one]);

const keysOf = (network: Network, who: readonly string[]): readonly Cosigner[] =>
  who.map((name) =>
    cosignerOf({
      name,
      network,
      mnemonic: generateMnemonic(seededBytes('a test', name)),
      path: accountPath('wsh', network),
    }),
  );

const policyOf = (network: Network, who: readonly string[]) =>
  walletPolicy({
    name: 'Another reserve',
    network,
    scriptKind: 'wsh',
    sorted: true,
    quorum: { required: 3, total: who.length },
    cosigners: keysOf(network, who),
  });

describe('a truncated PSBT', () => {
  it.each([1, 50, 1000])('that lacks its last %i bytes', async (lacking) => {
    const whole = readFileSync(reserve.medium('spend.psbt'));
    const file = reserve.put('truncated.psbt', whole.subarray(0, whole.length - lacking));
    await refusal(inspect(file), 'PSBT_TRUNCATED');
    await refusal(signIt(file), 'PSBT_TRUNCATED');
    await refusal(combine(file), 'PSBT_TRUNCATED');
    await refusal(() => reserve.qoima('inspect', file), 'PSBT_TRUNCATED');
    // A whole file beside it does not help: all are read before any is taken.
    const whole2 = reserve.put('whole.psbt', bySigner.aigerim);
    await refusal(combine(whole2, file), 'PSBT_TRUNCATED');
  });

  it.each([
    ['an empty file', ''],
    ['a text', 'Dear Bolat, please sign the attached.'],
    ['half a base64', 'cHNidP8BAF4CAAAAA'],
    ['hex with a slip', '70736274ff01zz'],
  ])('%s is no PSBT at all', async (_what, content) => {
    const file = reserve.put('not.psbt', content);
    await refusal(inspect(file), 'PSBT_NOT_A_PSBT');
    await refusal(combine(file), 'PSBT_NOT_A_PSBT');
  });

  it('is told from a file that is not there', async () => {
    await refusal(inspect(reserve.medium('none.psbt')), 'FILE_NOT_FOUND', 1);
    await refusal(combine(reserve.medium('none.psbt')), 'FILE_NOT_FOUND', 1);
  });
});

describe('a PSBT of another policy', () => {
  it.each([
    ['of strangers', ['Gulnar', 'Hakim', 'Indira', 'Janar', 'Kairat']],
    ['of the same custodians but one', ['Aigerim', 'Bolat', 'Dana', 'Erlan', 'Kairat']],
  ])('%s', async (_whose, who) => {
    const scripts = policyScripts(policyOf('regtest', who));
    const previousTransaction = encodeTransaction({
      version: 2,
      lockTime: 0,
      inputs: [
        {
          txid: new Uint8Array(32).fill(1),
          vout: 0,
          sequence: 0xffffffff,
          scriptSig: new Uint8Array(),
          witness: [],
        },
      ],
      outputs: [{ amount: 50_000_000n, script: scripts.at('receive', 0).scriptPubKey }],
    });
    const psbt = createPsbt({
      scripts,
      coins: [
        {
          outpoint: { txid: transactionId(previousTransaction), vout: 0 },
          amount: 50_000_000n,
          branch: 'receive',
          index: 0,
          previousTransaction,
        },
      ],
      outputs: [{ kind: 'change', index: 0, amount: 49_990_000n }],
    });
    const file = reserve.put('theirs.psbt', psbt);
    await refusal(inspect(file), 'STATION_REVIEW_BLOCKED');
    await refusal(signIt(file), 'STATION_REVIEW_BLOCKED');
    await refusal(() => reserve.qoima('inspect', file), 'COORDINATOR_REVIEW_BLOCKED');
    await refusal(combine(file), 'COORDINATOR_STRANGE_PSBT');
  });
});

describe("another network's key", () => {
  const create =
    (...records: readonly string[]) =>
    () =>
      reserve.qoima('policy', 'create', '--name', 'Mixed', ...records);

  it.each(['mainnet', 'testnet', 'signet'] as const)('in a key record of %s', async (network) => {
    const [cosigner] = keysOf(network, ['Kairat']) as [Cosigner];
    const text = encodeKeyRecord({ network, cosigner });
    const theirs = reserve.put(`${network}.key.json`, text);
    const others = CUSTODIANS.slice(0, 4).map((who) => reserve.medium(`${who}.key.json`));
    await refusal(create(...others, theirs), 'COORDINATOR_KEY_NETWORK');
    // Said to be for regtest, it is still an xpub; the test networks share a tpub.
    const renamed = reserve.put('renamed.key.json', text.replace(network, 'regtest'));
    if (network === 'mainnet') await refusal(create(...others, renamed), 'POLICY_NETWORK_MIXED');
  });

  it('in a policy file', async () => {
    const file = reserve.put('main.json', encodePolicyFile(policyOf('mainnet', CUSTODIANS)));
    await refusal(
      () => reserve.station('Bolat', 'policy', 'import', file),
      'STATION_NETWORK_MIXED',
    );
    await refusal(
      () => reserve.station('Bolat', 'policy', 'verify', file),
      'STATION_NETWORK_MIXED',
    );
  });

  it('in an address to pay', async () => {
    const main = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
    await refusal(
      () => reserve.qoima('propose', '--pay', `${main}=0.1`, '--fee-rate', '2'),
      'POLICY_ADDRESS_NETWORK',
    );
  });
});

describe('a lying witness_utxo', () => {
  const lie = (amount: bigint): string => {
    const psbt = reserve.read('spend.psbt');
    const honest = fieldOf(psbt.inputs[0] as PsbtMap, INPUT.witnessUtxo);
    if (honest === undefined) throw new Error('Qoima writes one');
    return reserve.put(
      'lie.psbt',
      inFirst(psbt, put(record(INPUT.witnessUtxo, { ...honest, amount }))),
    );
  };

  it.each([
    [0n, '0.00 000 000 BTC'],
    [49_999_999n, '0.49 999 999 BTC'],
    [50_000_001n, '0.50 000 001 BTC'],
  ])('that claims %i satoshis', async (amount, claimed) => {
    const file = lie(amount);
    const line = await refusal(inspect(file), 'STATION_REVIEW_BLOCKED');
    expect(line).toContain(`witness-utxo-amount, input 0`);
    expect(line).toContain(`Expected 0.50 000 000 BTC, found ${claimed}.`);
    await refusal(signIt(file), 'STATION_REVIEW_BLOCKED');
    await refusal(() => reserve.qoima('inspect', file), 'COORDINATOR_REVIEW_BLOCKED');
  });

  it('without the previous transaction, which would show it', async () => {
    const alone = inFirst(reserve.read('spend.psbt'), (map) =>
      map.filter(({ type }) => type !== INPUT.nonWitnessUtxo.type),
    );
    const line = await refusal(signIt(reserve.put('alone.psbt', alone)), 'STATION_REVIEW_BLOCKED');
    expect(line).toContain('previous-transaction-missing');
  });

  it('on the way back is refused by name, and nothing is made of it', async () => {
    const line = await refusal(combine(lie(1n)), 'COORDINATOR_FIELDS_REFUSED');
    expect(line).toContain('PSBT_IN_WITNESS_UTXO of input 0');
  });
});

describe('a swapped change output', () => {
  /** The change goes to the payee's address, and says that it is ours. */
  const swapped = (): string => {
    const psbt = reserve.read('spend.psbt');
    const [payment, change] = psbt.transaction.outputs;
    if (payment === undefined || change === undefined) throw new Error('it has both');
    const outputs = [payment, { ...change, script: payment.script }];
    return reserve.put('swapped.psbt', assemblePsbt(0, { ...psbt.transaction, outputs }, psbt));
  };

  it('is not signed and not taken', async () => {
    const file = swapped();
    const line = await refusal(inspect(file), 'STATION_REVIEW_BLOCKED');
    expect(line).toContain('change-not-proven, output 1');
    await refusal(signIt(file), 'STATION_REVIEW_BLOCKED');
    await refusal(() => reserve.qoima('inspect', file), 'COORDINATOR_REVIEW_BLOCKED');
    await refusal(combine(file), 'COORDINATOR_STRANGE_PSBT');
  });

  it('is signed neither under the digest of the right one', async () => {
    // Without its derivations it is a payment like any other, and another spend than was accepted.
    const psbt = reserve.read('spend.psbt');
    const [payment, change] = psbt.transaction.outputs;
    if (payment === undefined || change === undefined) throw new Error('it has both');
    const outputs = [payment, { ...change, script: payment.script }];
    const bare = assemblePsbt(
      0,
      { ...psbt.transaction, outputs },
      {
        ...psbt,
        outputs: psbt.outputs.map(() => []),
      },
    );
    await refusal(signIt(reserve.put('bare.psbt', bare)), 'STATION_ID_MISMATCH');
  });
});

describe('a bad signature', () => {
  /** The PSBT that Aigerim signed, with her first signature changed. */
  const changed = (edit: (signature: Uint8Array, key: Uint8Array) => PsbtRecord): Psbt =>
    inFirst(bySigner.aigerim, (map) =>
      map.map((one) =>
        one.type === INPUT.partialSignature.type ? edit(one.value.slice(), one.keyData) : one,
      ),
    );

  const taken = async (psbt: Psbt, code: string, who: string): Promise<void> => {
    const file = reserve.put('signed.psbt', psbt);
    const line = await refusal(combine(file), 'COORDINATOR_SIGNATURE_REFUSED');
    expect(line).toContain(file);
    expect(line).toContain(who);
    const { stderr } = await reserve.qoima('--json', 'combine', file);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { details: { refused: [{ file, code, input: 0 }] } },
    });
  };

  it.each([0x82, 0x81, 0x03, 0x02, 0x00])('with the flag %i', async (flag) => {
    const poisoned = changed((signature, key) => {
      signature[signature.length - 1] = flag;
      return record(INPUT.partialSignature, signature, key);
    });
    await taken(poisoned, 'PSBT_SIGNATURE_FLAG', 'Aigerim');
    const line = await refusal(signIt(reserve.medium('signed.psbt')), 'STATION_REVIEW_BLOCKED');
    expect(line).toContain('sighash-not-all');
  });

  it('from a stranger', async () => {
    const [kairat] = keysOf('regtest', ['Kairat']) as [Cosigner];
    const stranger = changed((signature) =>
      record(INPUT.partialSignature, signature, kairat.key.publicKey),
    );
    await taken(stranger, 'PSBT_SIGNATURE_STRANGER', 'no key of the policy');
  });

  it('under the name of another custodian', async () => {
    const [dana] = fieldsOf(bySigner.dana.inputs[0] as PsbtMap, INPUT.partialSignature);
    if (dana === undefined) throw new Error('she signed');
    const claimed = changed((signature) => record(INPUT.partialSignature, signature, dana.key));
    await taken(claimed, 'PSBT_SIGNATURE_INVALID', 'Dana');
  });

  it('with one bit turned', async () => {
    const turned = changed((signature, key) => {
      signature[20] = (signature[20] as number) ^ 1;
      return record(INPUT.partialSignature, signature, key);
    });
    await taken(turned, 'PSBT_SIGNATURE_INVALID', 'Aigerim');
  });

  it('that is no signature', async () => {
    const nothing = changed((_, key) => record(INPUT.partialSignature, Uint8Array.of(1), key));
    await taken(nothing, 'PSBT_SIGNATURE_ENCODING', 'Aigerim');
  });
});

describe('a duplicate cosigner', () => {
  const recordOf = (who: string): string => readFileSync(reserve.medium(`${who}.key.json`), 'utf8');
  const create = (fifth: string) => {
    const others = CUSTODIANS.slice(0, 4).map((who) => reserve.medium(`${who}.key.json`));
    return () => reserve.qoima('policy', 'create', '--name', 'Twice', ...others, fifth);
  };

  it('by the same file', async () => {
    await refusal(create(reserve.medium('Bolat.key.json')), 'POLICY_KEY_REPEATED');
  });

  it('under another name', async () => {
    const file = reserve.put('other.key.json', recordOf('Bolat').replace('"Bolat"', '"Kairat"'));
    const line = await refusal(create(file), 'POLICY_KEY_REPEATED');
    expect(line).toContain('Bolat and Kairat');
  });

  it('behind another fingerprint of the parent, which makes another text of the same key', async () => {
    const { network, cosigner } = decodeKeyRecord(recordOf('Bolat'));
    const key = { ...cosigner.key, parentFingerprint: Uint8Array.of(1, 2, 3, 4) };
    const origin = { ...cosigner.origin, fingerprint: Uint8Array.of(9, 9, 9, 9) };
    const text = encodeKeyRecord({ network, cosigner: { name: 'Kairat', key, origin } });
    await refusal(create(reserve.put('hidden.key.json', text)), 'POLICY_KEY_REPEATED');
  });
});

describe('a file with good and bad signatures', () => {
  it('gives the good ones, and the bad ones are refused by name', async () => {
    const { inputs } = bySigner.dana;
    const [dana] = fieldsOf(inputs[0] as PsbtMap, INPUT.partialSignature);
    if (dana === undefined) throw new Error('she signed');
    const poisoned = dana.value.slice();
    poisoned[poisoned.length - 1] = 0x83;
    const both = inFirst(bySigner.aigerim, put(record(INPUT.partialSignature, poisoned, dana.key)));
    const end = await reserve.qoima('combine', reserve.put('both.psbt', both));
    expect(end.code).toBe(3);
    expect(end.stderr).toMatch(/^error COORDINATOR_SIGNATURE_REFUSED: .*Dana.*\n$/);
    expect(end.stdout).toContain('1 by Aigerim');
    expect(await json(reserve.qoima('--json', 'status', spend.id))).toMatchObject({
      analysis: { signedBy: ['Aigerim'] },
    });
    // And her own file is taken as if nothing had happened.
    await done(reserve.qoima('combine', reserve.put('hers.psbt', encodePsbt(bySigner.dana))));
  });
});
