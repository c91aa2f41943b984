import {
  type Cosigner,
  type ExtendedKey,
  encodeKeyRecord,
  encodePolicyFile,
  formatCosignerKey,
  formatExtendedKey,
  policyKeys,
  policyTemplate,
  type WalletPolicy,
} from '@qoima/policy';
import { parseUtf8 } from '@qoima/primitives';
import type { HostileCase, Step, Story } from './hostile-case.ts';
import { BTC, CUSTODIANS, type Custodian, cosignerNamed, policyOf } from './reserve.ts';

const pinned = policyOf('wsh');
const cleanPolicy = encodePolicyFile(pinned);
const keys = policyKeys(pinned);
const [aigerim, bolat, dana] = pinned.cosigners as readonly [Cosigner, Cosigner, Cosigner];
const kairat = { ...cosignerNamed('Kairat'), name: 'Bolat' };

/** The policy of these five, or with other parts. */
const withCosigners = (edit: (cosigner: Cosigner) => Cosigner): WalletPolicy =>
  policyOf('wsh', { cosigners: pinned.cosigners.map(edit) });

const inPlaceOf =
  (old: Cosigner, by: Cosigner) =>
  (cosigner: Cosigner): Cosigner =>
    cosigner === old ? by : cosigner;

const withKey = (cosigner: Cosigner, key: Partial<ExtendedKey>): Cosigner => ({
  ...cosigner,
  key: { ...cosigner.key, ...key },
});

/** The clean file with another text in place of one that is in it. */
const edited = (from: string, to: string, text: string = cleanPolicy): string => {
  if (!text.includes(from)) throw new Error(`there is no ${from}`);
  return text.replace(from, to);
};

/** A test key with its private half, the first vector of BIP-32, and an origin that fits its depth. */
const PRIVATE =
  "[3442193e/0']tprv8bxNLu25VazNnppTCP4fyhyCvBHcYtzE3wr3cwYeL4HA7yf6TLGEUdS4QC1vLT63TkjRssqJe4CvGNEC8DzW5AoPUw56D1Ayg6HY4oy8QZ9";

interface PolicyAttack extends Story {
  readonly text: string;
}

const step = (command: Step['command'], code: string | null): Step => ({
  command,
  code,
  exit: code === null ? 0 : 3,
});

const policyCase = (
  { text, id, title, attack, source }: PolicyAttack,
  station: readonly Step[],
  coordinator: readonly Step[],
  rule: string | null = null,
  also: readonly string[] = [],
): HostileCase => ({
  id,
  title,
  attack,
  source,
  kind: 'policy',
  policy: 'wsh',
  expected: { rule, also, station, coordinator },
  files: { clean: parseUtf8(cleanPolicy), attack: parseUtf8(text) },
});

/** Sound in itself: what stops it is the id that the custodians compared, or the station's own key. */
const other = (code: string, attack: PolicyAttack): HostileCase =>
  policyCase(
    attack,
    [step('import-policy', code), step('verify-policy', 'STATION_POLICY_NOT_PINNED')],
    [step('verify-policy', 'COORDINATOR_POLICY_NOT_STORED')],
  );

/** No policy at all. */
const broken = (code: string, attack: PolicyAttack): HostileCase =>
  policyCase(
    attack,
    [step('import-policy', code), step('verify-policy', code)],
    [step('verify-policy', code)],
  );

/** The pinned policy by its id; what the id does not cover is told, and not pinned with it. */
const told = (rule: string, attack: PolicyAttack, also: readonly string[] = []): HostileCase =>
  policyCase(
    attack,
    [step('import-policy', 'STATION_WARNING_OPEN'), step('verify-policy', null)],
    [step('verify-policy', null)],
    rule,
    also,
  );

const sharedOrigin = withKey({ ...kairat, origin: aigerim.origin }, {});

const policyFiles: readonly HostileCase[] = [
  other('STATION_ID_MISMATCH', {
    id: 'policy-key-swapped',
    title: 'Bolat’s key is the attacker’s',
    attack: 'Four keys of five are right; a station that checks its own alone pins it.',
    source: 'Coldcard before 3.2.1; benma, 2021',
    text: encodePolicyFile(withCosigners(inPlaceOf(bolat, kairat))),
  }),
  other('STATION_KEY_NOT_IN_POLICY', {
    id: 'policy-own-key-swapped',
    title: 'The station’s own key is the attacker’s, under the custodian’s name',
    attack: 'The custodian sees five right names, and is not in the quorum.',
    source: 'Coldcard before 3.2.1; benma, 2021',
    text: encodePolicyFile(withCosigners(inPlaceOf(aigerim, { ...kairat, name: 'Aigerim' }))),
  }),
  other('STATION_KEY_NOT_IN_POLICY', {
    id: 'policy-own-fingerprint-spoofed',
    title: 'The attacker’s key bears the fingerprint and path of the station’s own',
    attack: 'A device that looks for its fingerprint finds it.',
    source: 'BIP-129: fingerprints can be spoofed',
    text: encodePolicyFile(
      withCosigners(inPlaceOf(aigerim, { ...kairat, name: 'Aigerim', origin: aigerim.origin })),
    ),
  }),
  other('STATION_KEY_NOT_IN_POLICY', {
    id: 'policy-own-chain-code-changed',
    title: 'The station’s own public key with another chain code',
    attack:
      'Fingerprint, path and public key are right; no address derived from it is the custodian’s.',
    source: 'BIP-32',
    text: encodePolicyFile(
      withCosigners(
        inPlaceOf(
          aigerim,
          withKey(aigerim, { chainCode: aigerim.key.chainCode.map((byte) => byte ^ 1) }),
        ),
      ),
    ),
  }),
  other('STATION_ID_MISMATCH', {
    id: 'policy-lower-quorum',
    title: 'Two of five in place of three',
    attack: 'The same five keys on every screen; one stolen key less is needed.',
    source: 'fake policy registration; BIP-388',
    text: encodePolicyFile(policyOf('wsh', { quorum: { required: 2, total: 5 } })),
  }),
  other('STATION_ID_MISMATCH', {
    id: 'policy-keys-in-other-order',
    title: 'The keys in another order',
    attack:
      'The same addresses under another registration: a Ledger’s HMAC binds the order, and the custodians are trained to click through a new one.',
    source: 'BIP-388, key information vector',
    text: encodePolicyFile(policyOf('wsh', { cosigners: pinned.cosigners.toReversed() })),
  }),
  other('STATION_ID_MISMATCH', {
    id: 'policy-unsorted',
    title: 'multi in place of sortedmulti',
    attack: 'One word less in the template, and every address is another.',
    source: 'BIP-383; BIP-67',
    text: encodePolicyFile(policyOf('wsh', { sorted: false })),
  }),
  other('STATION_KEY_NOT_IN_POLICY', {
    id: 'policy-of-other-script-kind',
    title: 'sh(wsh(…)) in place of wsh(…), over the same keys',
    attack: 'Deposits go to addresses that nobody watches.',
    source: 'script type substitution',
    text: encodePolicyFile({ ...pinned, scriptKind: 'sh-wsh' }),
  }),
  other('STATION_ID_MISMATCH', {
    id: 'policy-renamed',
    title: 'The same policy by another name',
    attack: 'A second registration of the same keys, whose name the attacker chooses.',
    source: 'BIP-388: the name is part of a registration',
    text: encodePolicyFile(policyOf('wsh', { name: 'Corpus wsh 2' })),
  }),
  other('STATION_ID_MISMATCH', {
    id: 'policy-one-person-twice',
    title: 'Bolat’s key is a second account of Dana’s seed',
    attack: 'Two keys, one person.',
    source: 'BIP-48, accounts; entropylab 92',
    text: encodePolicyFile(
      withCosigners(
        inPlaceOf(bolat, {
          ...kairat,
          origin: {
            fingerprint: dana.origin.fingerprint,
            path: dana.origin.path.with(2, dana.origin.path[2]! + 1),
          },
        }),
      ),
    ),
  }),
  broken('POLICY_ID_MISMATCH', {
    id: 'policy-key-swapped-id-kept',
    title: 'Bolat’s key is the attacker’s, and the id is that of the true policy',
    attack: 'The custodians compare the id that is printed in the file.',
    source: 'bips 1097: descriptor checksums are no commitment',
    text: edited(keys[1]!, formatCosignerKey(kairat)),
  }),
  broken('POLICY_ID_MISMATCH', {
    id: 'policy-lower-quorum-id-kept',
    title: 'Two of five, and the id is that of the true policy',
    attack: 'As before.',
    source: 'fake policy registration',
    text: edited('sortedmulti(3,', 'sortedmulti(2,'),
  }),
  broken('POLICY_KEY_REPEATED', {
    id: 'policy-cosigner-twice-by-parent',
    title:
      'Bolat’s key is Dana’s, with other bytes for the parent’s fingerprint and another origin',
    attack: 'The texts differ, the children do not: Dana signs for two.',
    source: 'entropylab 92; drongo, ExtendedKey.equals; BIP-32',
    text: edited(
      keys[1]!,
      formatCosignerKey({
        ...withKey(dana, { parentFingerprint: Uint8Array.of(1, 2, 3, 4) }),
        origin: { ...dana.origin, fingerprint: Uint8Array.of(9, 9, 9, 9) },
      }),
    ),
  }),
  broken('POLICY_KEY_REPEATED', {
    id: 'policy-public-key-twice',
    title: 'Bolat’s public key is Dana’s, with another chain code',
    attack: 'Who compares extended keys whole sees two; whoever knows Dana’s secret knows both.',
    source: 'Ledger: compares public keys alone',
    text: edited(
      keys[1]!,
      formatCosignerKey({
        ...withKey(dana, { chainCode: bolat.key.chainCode.map((byte) => byte ^ 1) }),
        origin: bolat.origin,
      }),
    ),
  }),
  broken('POLICY_ORIGIN_REPEATED', {
    id: 'policy-fingerprint-collision',
    title: 'Bolat’s key is the attacker’s, at the fingerprint and path of Aigerim',
    attack: 'Fingerprints are 32 bits: two keys at one origin, and a signer that picks the first.',
    source: 'BIP-129: fingerprints can be spoofed',
    text: edited(keys[1]!, formatCosignerKey(sharedOrigin)),
  }),
  broken('POLICY_QUORUM_INVALID', {
    id: 'policy-quorum-of-none',
    title: 'A quorum of 0 of 5',
    attack: 'Nobody has to sign.',
    source: 'BIP-383: 1 ≤ k ≤ n',
    text: edited('sortedmulti(3,', 'sortedmulti(0,'),
  }),
  broken('POLICY_QUORUM_INVALID', {
    id: 'policy-quorum-of-six',
    title: 'A quorum of 6 of 5',
    attack: 'What is paid to it is gone.',
    source: 'BIP-383: 1 ≤ k ≤ n',
    text: edited('sortedmulti(3,', 'sortedmulti(6,'),
  }),
  broken('POLICY_KEY_COUNT', {
    id: 'policy-key-left-out',
    title: 'Five places in the template and four keys',
    attack: 'What stands at the fifth place is the reader’s guess.',
    source: 'BIP-388',
    text: edited(`,\n    "${keys[4]}"`, '', edited(',\n    "Fatima"', '')),
  }),
  broken('POLICY_NETWORK_MIXED', {
    id: 'policy-network-of-other-keys',
    title: 'A policy for mainnet with keys of a test network',
    attack: 'The same public keys on another network: a rehearsal signs for the reserve.',
    source: 'isolation bypass, Ledger and Coldcard, 2020',
    text: edited('"regtest"', '"mainnet"'),
  }),
  broken('POLICY_PRIVATE_KEY', {
    id: 'policy-private-key',
    title: 'A private key stands among the public ones',
    attack: 'An accident that every later copy of the file spreads.',
    source: 'BIP-32; BIP-380',
    text: edited(keys[1]!, PRIVATE),
  }),
  broken('POLICY_SCRIPT_UNSUPPORTED', {
    id: 'policy-back-door',
    title: 'A template with a second way to spend',
    attack: 'The five keys are there, and one of them is enough after a while.',
    source: 'BIP-379; fake policy registration',
    text: edited(
      policyTemplate(pinned),
      `wsh(or_i(pk(@0/**),multi(3,@0/**,@1/**,@2/**,@3/**,@4/**)))`,
    ),
  }),
  broken('POLICY_DESCRIPTOR_INVALID', {
    id: 'policy-key-index-twice',
    title: 'The template names one key twice and another not at all',
    attack: 'Five keys in the list, four in the script.',
    source: 'BIP-388: each @i once, in order',
    text: edited('@1/**', '@0/**'),
  }),
  broken('POLICY_FILE_INVALID', {
    id: 'policy-member-twice',
    title: 'The file has two lists of keys',
    attack:
      'Some readers take the first of two members, others the last: the auditor sees the true keys, the station takes the false.',
    source: 'RFC 8259, section 4: names should be unique; CVE-2017-12635',
    text: edited(
      '  "keys": [',
      `  "keys": ${JSON.stringify(keys.with(1, formatCosignerKey(kairat)))},\n  "keys": [`,
    ),
  }),
  broken('POLICY_FILE_INVALID', {
    id: 'policy-member-unknown',
    title: 'The file has a member that no version knows',
    attack: 'A key, a limit or a path that another version would obey.',
    source: 'docs/formats.md',
    text: edited('  "template"', '  "fallbackKey": "",\n  "template"'),
  }),
  broken('POLICY_LIMITS_INVALID', {
    id: 'policy-limits-upside-down',
    title: 'The limits warn later than they refuse',
    attack: 'What should warn never does.',
    source: 'docs/formats.md',
    text: edited(
      '"feeSats": "10000000"',
      '"feeSats": "2000000000"',
      encodePolicyFile(policyOf('wsh', { limits: wide() })),
    ),
  }),
  told('policy-limits-differ', {
    id: 'policy-limits-raised',
    title: 'The same id, with limits that let every fee through',
    attack:
      'Limits are not under the id: the coordinator loosens them. The report’s digest differs, since it covers them.',
    source: 'docs/formats.md',
    text: encodePolicyFile(policyOf('wsh', { limits: wide(2_100_000_000_000_000n) })),
  }),
  told('policy-names-differ', {
    id: 'policy-names-exchanged',
    title: 'The same id, with the names of two custodians exchanged',
    attack:
      'Names are not under the id: Bolat’s signature is reported as Aigerim’s, and the wrong person is asked about it.',
    source: 'docs/formats.md',
    text: edited('"Aigerim",\n    "Bolat"', '"Bolat",\n    "Aigerim"'),
  }),
  told(
    'policy-birthday-ahead',
    {
      id: 'policy-birthday-in-2106',
      title: 'The same id, with a birthday in the year 2106',
      attack:
        'The birthday is not under the id: a wallet that is restored from the file searches no block, and the reserve seems empty.',
      source: 'docs/formats.md',
      text: encodePolicyFile({ ...pinned, birthday: 0xffffffff }),
    },
    ['policy-birthday-differs'],
  ),
];

function wide(feeSats = 100_000_000n): NonNullable<WalletPolicy['limits']> {
  const level = { feeRate: 10_000_000n, feePerMille: 100 };
  return {
    warn: { feeSats: feeSats === 100_000_000n ? BTC / 10n : feeSats, ...level },
    block: { feeSats, ...level },
    changeWindow: 200,
  };
}

interface KeyAttack extends Story {
  readonly text: string;
  /** Whose record it stands for. */
  readonly of?: Custodian;
  readonly policy?: WalletPolicy;
}

const recordOf = (who: Custodian): string =>
  encodeKeyRecord({ network: 'regtest', cosigner: pinned.cosigners[CUSTODIANS.indexOf(who)]! });

const keyCase = (
  { of = 'Bolat', text, policy, id, title, attack, source }: KeyAttack,
  station: readonly Step[],
  coordinator: readonly Step[],
): HostileCase => ({
  id,
  title,
  attack,
  source,
  kind: 'key',
  policy: 'wsh',
  expected: { rule: null, also: [], station, coordinator },
  files: {
    clean: parseUtf8(recordOf(of)),
    attack: parseUtf8(text),
    ...(policy === undefined ? {} : { policy: parseUtf8(encodePolicyFile(policy)) }),
  },
});

/** The coordinator cannot know; a station refuses the policy that is made of it. */
const unknowable = (code: string, attack: KeyAttack): HostileCase =>
  keyCase(attack, [step('import-policy', code)], [step('create-policy', null)]);

/** No policy is made of it. */
const refused = (code: string, attack: KeyAttack): HostileCase =>
  keyCase(attack, [], [step('create-policy', code)]);

const bolatsRecord = recordOf('Bolat');
const keyText = (cosigner: Cosigner): string => formatCosignerKey(cosigner);
const recordWith = (cosigner: Cosigner): string =>
  encodeKeyRecord({ network: 'regtest', cosigner });

const keyRecords: readonly HostileCase[] = [
  unknowable('STATION_ID_MISMATCH', {
    id: 'key-of-attacker',
    title: 'The record of Bolat has the attacker’s key',
    attack:
      'Exchanged on its way to the coordinator. Only the comparison of ids, five custodians together, shows it.',
    source: 'xpub swap; Coldcard before 3.2.1',
    text: recordWith(kairat),
    policy: withCosigners(inPlaceOf(bolat, kairat)),
  }),
  unknowable('STATION_KEY_NOT_IN_POLICY', {
    id: 'key-of-attacker-at-our-origin',
    title: 'The record of Aigerim has the attacker’s key, at her fingerprint and path',
    attack: 'Her station finds her fingerprint in the policy, and not her key.',
    source: 'BIP-129: fingerprints can be spoofed',
    of: 'Aigerim',
    text: recordWith({ ...kairat, name: 'Aigerim', origin: aigerim.origin }),
    policy: withCosigners(
      inPlaceOf(aigerim, { ...kairat, name: 'Aigerim', origin: aigerim.origin }),
    ),
  }),
  refused('POLICY_KEY_REPEATED', {
    id: 'key-twice',
    title: 'The record of Bolat has Dana’s key',
    attack: 'Dana signs for two.',
    source: 'entropylab 92',
    text: edited(keyText(bolat), keyText(dana), bolatsRecord),
  }),
  refused('POLICY_KEY_REPEATED', {
    id: 'key-twice-by-parent',
    title: 'The record of Bolat has Dana’s key, with other bytes for the parent’s fingerprint',
    attack: 'The text is another, the key is not.',
    source: 'entropylab 92; drongo, ExtendedKey.equals',
    text: recordWith({
      ...withKey(dana, { parentFingerprint: Uint8Array.of(1, 2, 3, 4) }),
      name: 'Bolat',
      origin: { ...dana.origin, fingerprint: Uint8Array.of(9, 9, 9, 9) },
    }),
  }),
  refused('POLICY_ORIGIN_REPEATED', {
    id: 'key-fingerprint-collision',
    title: 'The record of Bolat has the attacker’s key at Dana’s fingerprint and path',
    attack: 'Two keys at one origin: which of them signs is the signer’s guess.',
    source: 'BIP-129: fingerprints can be spoofed',
    text: recordWith({ ...kairat, origin: dana.origin }),
  }),
  refused('POLICY_NAME_REPEATED', {
    id: 'key-name-twice',
    title: 'A second Dana',
    attack: 'In every report two persons are one.',
    source: 'attribution',
    text: recordWith({ ...kairat, name: 'Dana' }),
  }),
  refused('POLICY_NAME_INVALID', {
    id: 'key-name-with-escapes',
    title: 'A name with terminal escapes',
    attack: 'The name erases the line with the key from the screen.',
    source: 'CWE-150: escape sequences',
    text: edited('"Bolat"', '"Bolat\\u001b[2K\\u001b[1A"', bolatsRecord),
  }),
  refused('POLICY_PRIVATE_KEY', {
    id: 'key-private',
    title: 'The record holds a private key',
    attack: 'An accident: from here on the key is known to whoever sees the medium.',
    source: 'BIP-32',
    text: edited(keyText(bolat), PRIVATE, bolatsRecord),
  }),
  refused('COORDINATOR_KEY_NETWORK', {
    id: 'key-of-mainnet',
    title: 'The record is of mainnet',
    attack: 'A rehearsal with keys of the reserve.',
    source: 'isolation bypass, Ledger and Coldcard, 2020',
    text: encodeKeyRecord({
      network: 'mainnet',
      cosigner: cosignerNamed('Bolat', 'wsh', 'mainnet'),
    }),
  }),
  refused('POLICY_NETWORK_MIXED', {
    id: 'key-network-untrue',
    title: 'The record says regtest, and its key is an xpub of mainnet',
    attack: 'As before, with a label that calms.',
    source: 'isolation bypass, Ledger and Coldcard, 2020',
    text: edited(
      '"mainnet"',
      '"regtest"',
      encodeKeyRecord({ network: 'mainnet', cosigner: cosignerNamed('Bolat', 'wsh', 'mainnet') }),
    ),
  }),
  refused('POLICY_ORIGIN_MISSING', {
    id: 'key-without-origin',
    title: 'The key has no origin',
    attack: 'No signer finds its key again; the coordinator says which it is.',
    source: 'BIP-380',
    text: edited(keyText(bolat), formatExtendedKey(bolat.key), bolatsRecord),
  }),
  refused('POLICY_ORIGIN_MISMATCH', {
    id: 'key-origin-of-other-depth',
    title: 'The origin is a step shorter than the key is deep',
    attack: 'The signer derives another key than the policy holds, and cannot spend.',
    source: 'BIP-380; BIP-32',
    text: edited("/48'/1'/0'/2']", "/48'/1'/0']", bolatsRecord),
  }),
  refused('POLICY_KEY_INVALID', {
    id: 'key-with-a-slip',
    title: 'One letter of the key is another',
    attack: 'A slip of the pen, or an attacker who hopes that nobody checks.',
    source: 'BIP-32, Base58Check',
    text: edited(
      keyText(bolat).slice(-12),
      `${keyText(bolat).slice(-12, -1)}${keyText(bolat).endsWith('A') ? 'B' : 'A'}`,
      bolatsRecord,
    ),
  }),
  refused('POLICY_FILE_INVALID', {
    id: 'key-member-twice',
    title: 'The record has two keys',
    attack: 'Some readers take the first of two members, others the last.',
    source: 'RFC 8259, section 4; CVE-2017-12635',
    text: edited('  "key":', `  "key": "${keyText(kairat)}",\n  "key":`, bolatsRecord),
  }),
];

export const policyAttacks: readonly HostileCase[] = policyFiles;
export const keyAttacks: readonly HostileCase[] = keyRecords;
