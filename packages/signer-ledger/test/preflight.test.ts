import { policyFromTemplate, policyScripts, type WalletPolicy } from '@qoima/policy';
import { equalBytes, formatHex, parseHex } from '@qoima/primitives';
import {
  assemblePsbt,
  INPUT,
  matchPolicy,
  OUTPUT,
  type PolicyMatch,
  type Psbt,
  type PsbtMap,
  withoutTypes,
} from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import {
  defaultPreflightLimits,
  expectedScreens,
  type PreflightLimits,
  preflight,
  preflightPolicy,
} from '../src/index.ts';
import { fingerprintOf, index, psbtOf, vectorOf, walletOf } from './replay.ts';

const policy = walletOf('wsh-3of5');
const scripts = policyScripts(policy);
const base = psbtOf('sign-wsh-1in-2out-c1');
const baseMatch = matchPolicy(base, scripts);
const own = fingerprintOf(1);

const rulesOf = (
  psbt: Psbt,
  match: PolicyMatch = matchPolicy(psbt, scripts),
  limits?: PreflightLimits,
): readonly string[] =>
  preflight(psbt, match, own, limits).map(({ rule, where }) => `${rule} ${where}`);

const without = (psbt: Psbt, ...fields: readonly { readonly type: number }[]): Psbt => {
  const types = new Set(fields.map(({ type }) => type));
  return { ...psbt, inputs: psbt.inputs.map((map) => withoutTypes(map, types)) };
};

/** The PSBT of another transaction with the same maps. */
const withTransaction = (change: Partial<Psbt['transaction']>): Psbt =>
  assemblePsbt(0, { ...base.transaction, ...change }, base);

const withSequence = (sequence: number): Psbt['transaction']['inputs'] =>
  base.transaction.inputs.map((input) => ({ ...input, sequence }));

const paying = (script: string): readonly string[] =>
  rulesOf(
    withTransaction({
      outputs: base.transaction.outputs.map((output, i) =>
        i === 0 ? { ...output, script: parseHex(script) } : output,
      ),
    }),
  );

describe('preflight', () => {
  const signed = index.vectors.filter(
    ({ command, statusWord, params, name }) =>
      command === 'SIGN_PSBT' &&
      statusWord === '9000' &&
      params?.wallet?.endsWith('wsh-3of5') === true &&
      // What the app signs, and Qoima does not: hidden change and lock times, other sighash types, strangers’ coins.
      !/index-1000000|locktime|sighash-[ns]|external-input|spoofed/.test(name),
  );

  it.each(signed.map(({ name }) => [name]))('lets pass what the app signed: %s', (name) => {
    const { params, cosigner } = vectorOf(name);
    const psbt = psbtOf(name);
    const match = matchPolicy(psbt, policyScripts(walletOf(params?.wallet ?? '')));
    expect(preflight(psbt, match, fingerprintOf(cosigner))).toEqual([]);
  });

  it.each<[string, readonly string[]]>([
    ['sign-wsh-no-witness-utxo', ['witness-utxo input 0']],
    ['sign-wsh-change-index-1000000', ['change-index output 1']],
    ['sign-wsh-locktime-and-version1', ['lock-time transaction']],
    ['sign-wsh-unknown-output-script', ['output-script output 0']],
    ['sign-wsh-sighash-none', ['sighash input 0']],
    ['sign-wsh-sighash-single-anyonecanpay', ['sighash input 0']],
    ['sign-wsh-sighash-invalid', ['sighash input 0']],
    ['sign-wsh-11-change-outputs', ['change-outputs transaction']],
  ])('refuses before the first APDU: %s', (name, rules) => {
    expect(rulesOf(psbtOf(name))).toEqual(rules);
  });

  it('lists all that is wrong', () => {
    const bare = without(base, INPUT.witnessUtxo, INPUT.witnessScript);
    const psbt: Psbt = {
      ...bare,
      inputs: bare.inputs.map((map) => [
        ...map,
        { type: 3, keyData: new Uint8Array(), value: Uint8Array.of(2, 0, 0, 0) },
      ]),
    };
    expect(rulesOf(psbt)).toEqual([
      'witness-utxo input 0',
      'witness-script input 0',
      'sighash input 0',
    ]);
  });

  it('wants the derivations of the device, or of all', () => {
    const psbt = without(base, INPUT.derivation);
    expect(rulesOf(psbt, baseMatch)).toEqual(['derivation input 0']);
    const derivations = (base.inputs[0] ?? []).filter(({ type }) => type === INPUT.derivation.type);
    expect(derivations).toHaveLength(5);
    const ownKey = baseMatch.inputs[0]?.script.publicKeys[0] ?? new Uint8Array();
    const onlyOwn: Psbt = {
      ...base,
      inputs: base.inputs.map((map) =>
        map.filter(
          ({ type, keyData }) =>
            type !== INPUT.derivation.type || formatHex(keyData) === formatHex(ownKey),
        ),
      ),
    };
    expect(rulesOf(onlyOwn)).toEqual([]);
    expect(preflight(onlyOwn, baseMatch).map(({ rule }) => rule)).toEqual(['derivation']);
  });

  it('wants previous transactions, whatever the match was made of', () => {
    expect(rulesOf(without(base, INPUT.nonWitnessUtxo), baseMatch)).toEqual([
      'previous-transaction input 0',
    ]);
  });

  it('wants the redeem script of sh(wsh), and no witness UTXO of sh', () => {
    const psbt = psbtOf('sign-sh-wsh-1in-2out-c2');
    const match = matchPolicy(psbt, policyScripts(walletOf('sh-wsh-3of5')));
    expect(preflight(without(psbt, INPUT.redeemScript), match).map(({ rule }) => rule)).toEqual([
      'redeem-script',
    ]);
    const [input] = baseMatch.inputs;
    const { witnessScript: _, ...script } = input?.script ?? expect.fail('there is an input');
    const legacy: PolicyMatch = { ...baseMatch, inputs: [{ ...input, script, amount: 1n }] };
    expect(rulesOf(base, legacy)).toEqual(['witness-utxo input 0', 'witness-script input 0']);
  });

  it.each([
    [512, []],
    [513, ['inputs transaction', 'outputs transaction']],
  ])('counts inputs and outputs: %i', (count, rules) => {
    const times = <Each>([first]: readonly Each[]): readonly Each[] => {
      if (first === undefined) throw new Error('there are some');
      return Array.from({ length: count }, () => first);
    };
    const { inputs, outputs } = base.transaction;
    const transaction = { ...base.transaction, inputs: times(inputs), outputs: times(outputs) };
    const many: PolicyMatch = {
      ...baseMatch,
      inputs: times(baseMatch.inputs),
      outputs: Array.from({ length: count }, () => undefined),
      transaction,
    };
    const psbt = { ...base, inputs: times(base.inputs), outputs: times(base.outputs), transaction };
    expect(rulesOf(psbt, many)).toEqual(rules);
  });

  it.each<[string, Psbt, Partial<PreflightLimits>, readonly string[]]>([
    ['a lock time', withTransaction({ lockTime: 850_000 }), {}, ['lock-time transaction']],
    [
      'a lock time that was shown',
      withTransaction({ lockTime: 850_000 }),
      { lockTime: 850_000 },
      [],
    ],
    [
      'a lock time that no input lets count',
      withTransaction({ lockTime: 850_000, inputs: withSequence(0xffffffff) }),
      {},
      [],
    ],
    [
      'a relative lock',
      withTransaction({ inputs: withSequence(144) }),
      {},
      ['relative-lock input 0'],
    ],
    [
      'one that was shown',
      withTransaction({ inputs: withSequence(144) }),
      { relativeLock: true },
      [],
    ],
    ['none in version 1', withTransaction({ version: 1, inputs: withSequence(144) }), {}, []],
    ['none of length 0', withTransaction({ inputs: withSequence(0) }), {}, []],
  ])('bounds what is never shown: %s', (_, psbt, limits, rules) => {
    const all = { ...defaultPreflightLimits, ...limits };
    expect(rulesOf(psbt, { ...baseMatch, transaction: psbt.transaction }, all)).toEqual(rules);
  });

  it.each<[string, string, boolean]>([
    ['P2PKH', `76a914${'11'.repeat(20)}88ac`, true],
    ['P2SH', `a914${'11'.repeat(20)}87`, true],
    ['P2WPKH', `0014${'11'.repeat(20)}`, true],
    ['P2TR', `5120${'11'.repeat(32)}`, true],
    ['a later witness version', '52021111', true],
    ['OP_RETURN alone', '6a', true],
    ['OP_RETURN with 5 bytes', '6a0568656c6c6f', true],
    ['OP_RETURN with 80 bytes', `6a4c50${'22'.repeat(80)}`, true],
    ['OP_RETURN with five pushes', '6a514f6051020304', true],
    ['OP_RETURN with six pushes', '6a515253545556', false],
    ['OP_RETURN with 81 bytes', `6a4c51${'22'.repeat(81)}`, false],
    ['OP_RETURN with a long push of few bytes', '6a4c020102', false],
    ['OP_RETURN with a push of a small number', '6a0105', false],
    ['OP_RETURN with OP_PUSHDATA2', '6a4d010022', false],
    ['OP_RETURN cut short', '6a0511', false],
    ['OP_RETURN and an opcode', '6aac', false],
    ['a bare public key', `21${'02'.repeat(33)}ac`, false],
    ['OP_1', '51', false],
    ['nothing', '', false],
  ])('pays to what the app can show: %s', (_, script, isShown) => {
    expect(paying(script)).toEqual(isShown ? [] : ['output-script output 0']);
  });
});

describe('preflightPolicy', () => {
  const vector = (name: string): WalletPolicy => {
    const {
      name: policyName,
      descriptorTemplate,
      keys,
    } = vectorOf(name).params?.policy ?? expect.fail('a policy');
    return policyFromTemplate({
      name: policyName,
      network: 'testnet',
      template: descriptorTemplate,
      keys,
    });
  };

  it.each([
    'register-wsh-3of5-c1',
    'register-edge-name-64',
    'register-edge-multi-unsorted',
    'register-edge-legacy-sh',
  ])('lets pass what the app registered: %s', (name) => {
    expect(preflightPolicy(vector(name), own)).toEqual([]);
  });

  it('wants a key of the device', () => {
    const rules = preflightPolicy(vector('register-edge-no-own-key'), own).map(({ rule }) => rule);
    expect(rules).toEqual(['own-key']);
    expect(preflightPolicy(vector('register-edge-no-own-key'))).toEqual([]);
  });

  it('bounds what a policy of other makers could hold', () => {
    const deep = {
      ...policy,
      name: 'é',
      cosigners: policy.cosigners.map((cosigner) => ({
        ...cosigner,
        origin: { ...cosigner.origin, path: Array.from({ length: 9 }, () => 1) },
      })),
    };
    expect(preflightPolicy(deep as WalletPolicy).map(({ rule }) => rule)).toEqual([
      'policy-name',
      ...deep.cosigners.map(() => 'policy-path'),
    ]);
  });
});

describe('what the app has no room for', () => {
  const withKey = (map: PsbtMap, length: number): PsbtMap => {
    const keyData = new Uint8Array(length - 1).fill(7);
    return [...map, { type: 0xfa, keyData, value: Uint8Array.of(1) }];
  };

  it.each([
    [290, []],
    [291, ['record-key transaction', 'record-key input 0', 'record-key output 0']],
  ])('is a key of a record of %i bytes', (length, expected) => {
    const [input = []] = base.inputs;
    const [output = [], ...others] = base.outputs;
    const psbt = {
      ...base,
      global: withKey(base.global, length),
      inputs: [withKey(input, length)],
      outputs: [withKey(output, length), ...others],
    };
    expect(rulesOf(psbt, baseMatch)).toEqual(expected);
  });

  it.each([
    [3, []],
    [4, ['policy-key']],
  ])('is a key with a path of %i long steps', (steps, expected) => {
    const path = Array.from({ length: steps }, () => 0xfffffffe);
    const cosigners = policy.cosigners.map((cosigner, i) =>
      i === 1 ? { ...cosigner, origin: { ...cosigner.origin, path } } : cosigner,
    );
    expect(preflightPolicy({ ...policy, cosigners }, own).map(({ rule }) => rule)).toEqual(
      expected,
    );
  });
});

describe('change on the screens of the device', () => {
  it('must have the derivation of a key of that device', () => {
    const ofOthers = base.outputs.map((map) =>
      map.filter(
        ({ type, value }) =>
          type !== OUTPUT.derivation.type || !equalBytes(value.subarray(0, 4), own),
      ),
    );
    const psbt = { ...base, outputs: ofOthers };
    expect(rulesOf(psbt)).toEqual(['change-derivation output 1']);
    expect(preflight(psbt, matchPolicy(psbt, scripts), fingerprintOf(2))).toEqual([]);
    expect(preflight(psbt, matchPolicy(psbt, scripts)).map(({ rule }) => rule)).toEqual([
      'change-derivation',
    ]);
  });
});

describe('the screens of unusual spends', () => {
  const titled = (match: PolicyMatch, psbt: Psbt = base): readonly string[] =>
    expectedScreens(
      { show: 'signing', psbt, match, fingerprint: own },
      'Ledger Nano X',
    ).screens.map(({ title, text }) => `${title}: ${text ?? ''}`);

  it('warns of a fee of 10 % as the app does', () => {
    const spent = baseMatch.inputs.reduce((sum, { amount }) => sum + amount, 0n);
    expect(titled({ ...baseMatch, fee: spent / 10n - 1n }).join()).not.toContain('High fees');
    expect(titled({ ...baseMatch, fee: spent / 10n })).toContain(
      'High fees warning: Fees are above 10% of total amount',
    );
  });

  it('shows a spend to oneself as nothing paid', () => {
    const [, change] = baseMatch.outputs;
    const [, map = []] = base.outputs;
    const psbt = { ...base, outputs: [map, map] };
    expect(titled({ ...baseMatch, outputs: [change, change] }, psbt)).toContain(
      'Amount: 0 TEST (self-transfer)',
    );
  });

  it('calls the payments of a long list by another title', () => {
    const [payment] = base.transaction.outputs;
    if (payment === undefined) throw new Error('there is one');
    const outputs = Array.from({ length: 9 }, () => undefined);
    const transaction = { ...baseMatch.transaction, outputs: outputs.map(() => payment) };
    const screens = titled({ ...baseMatch, outputs, transaction });
    expect(screens.filter((line) => line.startsWith('Address: '))).toHaveLength(9);
    expect(screens).toContain('Transaction output: 9 of 9');
  });
});
