import { equalBytes, networkNames } from '@qoima/primitives';
import bs58check from 'bs58check';
import fc from 'fast-check';
import { type FuzzProperty, fuzzProperty } from '../../../scripts/fuzz-property.ts';
import { unlessRefused } from '../../../scripts/unless-refused.ts';
import {
  decodeAddress,
  decodeKeyRecord,
  decodePolicyFile,
  encodeAddress,
  encodeExtendedKey,
  encodeKeyRecord,
  encodePolicyFile,
  formatCosignerKey,
  formatDerivationPath,
  formatDescriptor,
  formatExtendedKey,
  formatKeyOrigin,
  multisigScript,
  parseCosignerKey,
  parseDerivationPath,
  parseDescriptor,
  parseDescriptorPair,
  parseExtendedKey,
  parseKeyOrigin,
  parseMultisigScript,
  parsePolicyTemplate,
  policyId,
  policyTemplate,
  type ScriptKind,
  type WalletPolicy,
} from '../src/index.ts';
import { account, samplePolicy } from '../test/sample-policy.ts';
import { damagedText } from './damaged-text.ts';
import { policyFileChanges, spelling } from './policy-file-changes.ts';

const kinds: readonly ScriptKind[] = ['wsh', 'sh-wsh', 'sh'];

const policies: readonly WalletPolicy[] = kinds.flatMap((scriptKind) => [
  samplePolicy({ scriptKind }),
  samplePolicy({ scriptKind, network: 'regtest', sorted: false, birthday: 1_700_000_000 }),
]);

const wanted = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what);
};

const accounts = [1, 2, 3].flatMap((seed) => [account(seed), account(seed, 'testnet')]);
const extendedKeys = accounts.map(({ node }) => node.toBase58());

/** Changed below the checksum, which would else refuse nearly everything. */
const changedKey = fc
  .tuple(
    fc.constantFrom(...extendedKeys),
    fc.array(fc.tuple(fc.nat(77), fc.nat(255)), { maxLength: 2 }),
    fc.constantFrom(77, 78, 78, 78, 79),
  )
  .map(([text, changes, length]) => {
    const payload = new Uint8Array(length);
    payload.set(bs58check.decode(text).subarray(0, length));
    for (const [at, byte] of changes) payload[at] = byte;
    return bs58check.encode(payload);
  });

const keys = fuzzProperty(
  'extended key: damaged, refused or the same key',
  { long: 12_000, short: 100 },
  fc.property(fc.oneof(damagedText(extendedKeys, 'base58'), changedKey), (text) => {
    const key = unlessRefused(() => parseExtendedKey(text));
    if (key === undefined) return;
    const again = parseExtendedKey(formatExtendedKey(key));
    wanted(equalBytes(encodeExtendedKey(again), encodeExtendedKey(key)), 'the same key');
  }),
);

const origins = fuzzProperty(
  'derivation path and key origin: damaged, refused or the same path',
  { long: 12_000, short: 100 },
  fc.property(
    damagedText(
      ["m/48'/0'/0'/2'", '48h/1h/0h/2h/1/2147483647', "d34db33f/48'/0'/2147483647'", 'D34DB33F/0h'],
      'path',
    ),
    (text) => {
      const path = unlessRefused(() => parseDerivationPath(text));
      if (path !== undefined) {
        const again = parseDerivationPath(formatDerivationPath(path));
        wanted(again.join() === path.join(), 'the same path');
      }
      const origin = unlessRefused(() => parseKeyOrigin(text));
      if (origin === undefined) return;
      const back = formatKeyOrigin(parseKeyOrigin(formatKeyOrigin(origin, 'h')), "'");
      wanted(back === formatKeyOrigin(origin, "'"), 'the same origin');
    },
  ),
);

const cosignerKeys = fuzzProperty(
  'cosigner key: damaged, refused or the same key and origin',
  { long: 10_000, short: 100 },
  fc.property(
    damagedText(
      accounts.map(({ text }) => text),
      'descriptor',
    ),
    (text) => {
      const key = unlessRefused(() => parseCosignerKey(text));
      if (key === undefined) return;
      const again = formatCosignerKey(parseCosignerKey(formatCosignerKey(key)));
      wanted(again === formatCosignerKey(key), 'the same key');
    },
  ),
);

const descriptors = fuzzProperty(
  'descriptor: damaged, refused or read as the same policy',
  { long: 12_000, short: 100 },
  fc.property(
    damagedText(
      policies.flatMap((policy) => [
        formatDescriptor(policy, 'both'),
        // Without a checksum, so that damage comes through.
        formatDescriptor(policy, 'both').slice(0, -9),
        formatDescriptor(policy, 'receive'),
        formatDescriptor(policy, 'change').slice(0, -9),
      ]),
      'descriptor',
    ),
    (text) => {
      const read = unlessRefused(() => parseDescriptor(text));
      unlessRefused(() => parseDescriptorPair(text, text.replaceAll('/0/*', '/1/*')));
      if (read === undefined) return;
      const again = parseDescriptor(formatDescriptor(read.policy, 'both')).policy;
      wanted(policyId(again) === policyId(read.policy), 'the same policy');
    },
  ),
);

const templates = fuzzProperty(
  'policy template: damaged, refused or the same template',
  { long: 8_000, short: 100 },
  fc.property(damagedText(policies.map(policyTemplate), 'descriptor'), (text) => {
    const template = unlessRefused(() => parsePolicyTemplate(text));
    if (template === undefined) return;
    const { required, total } = template.quorum;
    wanted(required >= 1 && required <= total && total <= 15, 'a quorum');
  }),
);

const addresses = fuzzProperty(
  'address: damaged, refused or the same script and text',
  { long: 15_000, short: 150 },
  fc.property(
    fc.oneof(
      damagedText(sampleAddresses(), 'bech32'),
      fc
        .tuple(fc.uint8Array({ maxLength: 42 }), fc.constantFrom(...networkNames))
        .map(([script, network]) => unlessRefused(() => encodeAddress(script, network)) ?? ''),
    ),
    fc.constantFrom(...networkNames),
    (text, network) => {
      const script = unlessRefused(() => decodeAddress(text, network));
      if (script === undefined) return;
      const again = encodeAddress(script, network);
      wanted(again === text || again === text.toLowerCase(), 'the same address');
    },
  ),
);

/** An address of each form on each network. */
function sampleAddresses(): readonly string[] {
  const hash = (length: number): readonly number[] => Array.from({ length }, (_, i) => i * 5);
  const scripts = [
    [0x76, 0xa9, 20, ...hash(20), 0x88, 0xac],
    [0xa9, 20, ...hash(20), 0x87],
    [0, 20, ...hash(20)],
    [0, 32, ...hash(32)],
    [0x51, 32, ...hash(32)],
    [0x60, 2, 1, 2],
  ];
  return scripts.flatMap((script) =>
    networkNames.map((network) => encodeAddress(Uint8Array.from(script), network)),
  );
}

const scripts = fuzzProperty(
  'multisig script: damaged, unknown or written as it was',
  { long: 12_000, short: 100 },
  fc.property(
    fc.constantFrom(1, 2, 5, 15),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }),
    fc.nat(3),
    (total, x, changes, cut) => {
      const publicKeys = Array.from({ length: total }, (_, i) => Uint8Array.of(2 + (i & 1), ...x));
      const script = multisigScript(Math.ceil(total / 2), publicKeys);
      for (const [at, byte] of changes) script[at % script.length] = byte;
      const damaged = cut === 3 ? script.subarray(1) : script.subarray(0, script.length - cut);
      const parsed = parseMultisigScript(damaged);
      if (parsed === undefined) return;
      wanted(
        equalBytes(multisigScript(parsed.required, parsed.publicKeys), damaged),
        'the same script',
      );
    },
  ),
);

const records = fuzzProperty(
  'key record: damaged, refused or the same key',
  { long: 6_000, short: 60 },
  fc.property(
    damagedText(
      policies.flatMap(({ network, cosigners }) =>
        cosigners.slice(0, 2).map((cosigner) => encodeKeyRecord({ network, cosigner })),
      ),
      'json',
    ),
    (text) => {
      const record = unlessRefused(() => decodeKeyRecord(text));
      if (record === undefined) return;
      const again = encodeKeyRecord(decodeKeyRecord(encodeKeyRecord(record)));
      wanted(again === encodeKeyRecord(record), 'the same record');
    },
  ),
);

const files = fuzzProperty(
  'policy file: damaged, refused or read as the same policy',
  { long: 8_000, short: 60 },
  fc.property(damagedText(policies.map(encodePolicyFile), 'json'), (text) => {
    const read = unlessRefused(() => decodePolicyFile(text));
    if (read === undefined) return;
    const again = encodePolicyFile(decodePolicyFile(encodePolicyFile(read.policy)).policy);
    wanted(again === encodePolicyFile(read.policy), 'the same file');
  }),
);

const fields = fuzzProperty(
  'policy file: no member changed without a refusal, a finding or a name for it',
  { long: 8_000, short: 100 },
  fc.property(fc.nat(policies.length - 1), policyFileChanges, (number, change) => {
    const policy = policies[number] as WalletPolicy;
    const file = encodePolicyFile(policy);
    const changed = change.apply(file);
    if (changed === file) return;
    const read = unlessRefused(() => decodePolicyFile(changed));
    if (read === undefined || read.findings.length > decodePolicyFile(file).findings.length) return;
    wanted(change.harmless !== undefined, `${change.what} passes`);
    wanted(policyId(read.policy) === policyId(policy), 'the same policy');
    if (change.harmless !== spelling) return;
    wanted(encodePolicyFile(read.policy) === file, `${change.what}: the same value`);
  }),
);

export const policyProperties: readonly FuzzProperty[] = [
  keys,
  origins,
  cosignerKeys,
  descriptors,
  templates,
  addresses,
  scripts,
  records,
  files,
  fields,
];
