import { policyScripts } from '@qoima/policy';
import { formatHex } from '@qoima/primitives';
import { matchPolicy, OUTPUT } from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { expectedScreens, type ScreenTask } from '../src/index.ts';
import { fingerprintOf, psbtOf, vectorOf, walletOf } from './replay.ts';

const NANO = 'Ledger Nano S Plus';

/** Titles that the recordings hold and that come after the decision, or stand for a page turned back. */
const AFTER = /^(?:account registered|address verified|transaction signed|message signed)$/i;

/** A recording's screens with the pages of one text put together again, and no white space. */
const recorded = (name: string): readonly string[] => {
  const screens: { title: string; text: string }[] = [];
  for (const line of vectorOf(name).screens ?? []) {
    const [first = '', ...rest] = line.split(' | ');
    const title = first.replace(/ \([0-9]+\/[0-9]+\)$/, '');
    // Only the texts under these titles are data; the others are titles of several lines.
    const isData =
      /^(?:Account name|Wallet policy|.* key@|Address|From|Amount|To|Fees|Path|Message|Transaction output)/;
    if (!isData.test(title)) {
      screens.push({ title: [first, ...rest].join(''), text: '' });
    } else if (/\((?:[2-9]|1[0-9])\/[0-9]+\)$/.test(first)) {
      const last = screens.at(-1);
      if (last !== undefined) last.text += rest.join('');
    } else {
      screens.push({ title, text: rest.join('') });
    }
  }
  return screens
    .filter(({ title }) => !AFTER.test(title))
    .map(({ title, text }) => `${title}|${text}`.replaceAll(/\s/g, ''));
};

const expected = (task: ScreenTask): readonly string[] =>
  expectedScreens(task, NANO).screens.map(({ title, text = '' }) =>
    `${title}|${text}`.replaceAll(/\s/g, ''),
  );

const signing = (name: string): ScreenTask => {
  const { params, cosigner, network } = vectorOf(name);
  const psbt = psbtOf(name);
  const match = matchPolicy(psbt, policyScripts(walletOf(params?.wallet ?? '')));
  const fingerprint = fingerprintOf(cosigner, network);
  return { show: 'signing', psbt, match, fingerprint };
};

describe('expectedScreens, against what the real app showed on a Nano S Plus', () => {
  it.each([
    ['register-wsh-3of5-c1', 'wsh-3of5', 1],
    ['register-wsh-3of5-c2', 'wsh-3of5', 2],
    ['register-wsh-3of5-c3', 'wsh-3of5', 3],
    ['register-sh-wsh-3of5-c1', 'sh-wsh-3of5', 1],
    ['register-wsh-2of3-two-own-keys', 'wsh-2of3-two-own-keys', 1],
    ['mainnet-register-wsh-3of5-c1', 'mainnet-wsh-3of5', 1],
  ])('%s', (name, wallet, cosigner) => {
    const policy = walletOf(wallet);
    const task: ScreenTask = { show: 'registration', policy, fingerprint: fingerprintOf(cosigner) };
    expect(expected(task)).toEqual(recorded(name));
  });

  it.each([
    ['address-wsh-3of5-0-0-display', 'wsh-3of5', 'receive', 0],
    ['address-wsh-3of5-1-2-display', 'wsh-3of5', 'change', 2],
    ['mainnet-address-wsh-3of5-1-3-display', 'mainnet-wsh-3of5', 'change', 3],
  ] as const)('%s', (name, wallet, branch, place) => {
    const policy = walletOf(wallet);
    const script = policyScripts(policy).at(branch, place);
    expect(expected({ show: 'address', policy, script })).toEqual(recorded(name));
  });

  it.each([
    'sign-wsh-1in-2out-c1',
    'sign-wsh-5in-2out-c1',
    'sign-wsh-3-external-outputs',
    'sign-wsh-op-return',
    'sign-wsh-foreign-change',
    'sign-wsh-change-to-receive-path',
    'sign-wsh-output-dust-0',
    'sign-sh-wsh-1in-2out-c2',
    'sign-wsh-two-own-keys',
    'mainnet-sign-wsh-1in-2out-c1',
    'mainnet-sign-wsh-5in-2out-c1',
  ])('%s', (name) => {
    expect(expected(signing(name))).toEqual(recorded(name));
  });

  it.each(['message-64-bytes', 'message-65-bytes', 'message-700-bytes'])('%s', (name) => {
    const text = vectorOf(name).params?.message ?? '';
    const path = [48, 1, 0, 2].map((step) => step + 0x80000000).concat([0, 0]);
    expect(expected({ show: 'message', path, text })[2]).toEqual(recorded(name)[2]);
  });

  it('shows change that no derivation of an own key tells as a payment', () => {
    const task = signing('sign-wsh-1in-2out-c1');
    if (task.show !== 'signing') throw new Error('it is of a spend');
    const payments = (kept: readonly number[]): number => {
      const keys = task.match.outputs.flatMap((change) =>
        kept.map((cosigner) => formatHex(change?.publicKeys[cosigner] ?? new Uint8Array())),
      );
      const outputs = task.psbt.outputs.map((map) =>
        map.filter(
          ({ type, keyData }) =>
            type !== OUTPUT.derivation.type || keys.includes(formatHex(keyData)),
        ),
      );
      const { screens } = expectedScreens({ ...task, psbt: { ...task.psbt, outputs } }, NANO);
      return screens.filter(({ title }) => title === 'To').length;
    };
    expect([[0, 1, 2, 3, 4], [0], [1, 2], []].map(payments)).toEqual([1, 1, 2, 2]);
  });

  it('says of other devices that their pages were not seen', () => {
    const task = signing('sign-wsh-1in-2out-c1');
    expect(expectedScreens(task, NANO).seen).toBe(true);
    for (const model of ['Ledger Flex', 'Ledger Stax', 'Ledger Nano Gen5', undefined]) {
      const { seen, notes } = expectedScreens(task, model);
      expect(seen).toBe(false);
      expect(notes[0]).toMatch(/not (?:tried|known)/);
    }
  });

  it('uses the words of the touch screens on those', () => {
    const fingerprint = fingerprintOf(1);
    const policy = walletOf('wsh-3of5');
    const titles = (task: ScreenTask): readonly string[] =>
      expectedScreens(task, 'Ledger Stax').screens.map(({ title }) => title);
    expect(titles({ show: 'registration', policy, fingerprint }).slice(2, 6)).toEqual([
      'Descriptor template',
      'Review co-signer public keys',
      'Internal key@0',
      'External key@1',
    ]);
    expect(titles({ show: 'message', path: [], text: 'Hello' })).toContain('Message content');
    expect(titles({ show: 'message', path: [], text: 'Қойма' })).toContain('Message hash');
  });

  it('tells on regtest that the device shows the address of testnet', () => {
    const policy = walletOf('wsh-3of5', 'regtest');
    const script = policyScripts(policy).at('receive', 0);
    const { screens, notes } = expectedScreens({ show: 'address', policy, script }, NANO);
    expect(screens[1]?.text).toMatch(/^tb1/);
    expect(notes.join()).toContain('bcrt1');
  });
});
