/**
 * The language of BIP-388 templates, as far as it is emulated. `@qoima/policy` reads the same form and
 * holds less of it: it refuses placeholders out of order or repeated, and branches other than 0 and 1,
 * all of which the app registers.
 */

/** A placeholder with its two branches: `@0/**`, `@0/<2;3>/*`. */
export interface KeyExpression {
  readonly keyIndex: number;
  /** The branch of receive addresses. */
  readonly first: number;
  /** The branch of change. */
  readonly second: number;
}

export interface Multisig {
  readonly kind: 'multisig';
  readonly sorted: boolean;
  readonly required: number;
  readonly keys: readonly KeyExpression[];
}

export interface SingleKey {
  readonly kind: 'pkh' | 'wpkh';
  readonly keys: readonly KeyExpression[];
}

/** What a script is wrapped in; `bare` is not acceptable for addresses, and parses. */
export type Wrapping = 'bare' | 'sh' | 'wsh' | 'sh-wsh';

export interface Template {
  readonly wrapping: Wrapping;
  readonly script: Multisig | SingleKey;
}

/**
 * `malformed` is what the app cannot read; `notEmulated` what it reads and the emulator does not:
 * taproot, miniscript, single keys where only miniscript has them, and multisigs of 16.
 */
export type ParsedTemplate = Template | 'malformed' | 'notEmulated';

/** Policies of version 1 have placeholders without branches. */
export const parseTemplate = (text: string, version: 1 | 2): ParsedTemplate => {
  const [, wrapper = '', inner = ''] = /^((?:sh\(wsh\(|sh\(|wsh\()?)(.*)$/s.exec(text) ?? [];
  const wrapping = WRAPPINGS[wrapper] as Wrapping;
  const closing = wrapper.replace(/[^(]/g, '').replaceAll('(', ')');
  const name = /^[a-zA-Z0-9_]{0,13}/.exec(inner)?.[0] ?? '';
  if (name === 'multi' || name === 'sortedmulti') {
    return parseMultisig(inner, closing, wrapping, name === 'sortedmulti', version);
  }
  if (name === 'pkh' || name === 'wpkh')
    return parseSingleKey(inner, closing, wrapping, name, version);
  return isBeyond(inner, name, wrapping) ? 'notEmulated' : 'malformed';
};

/** BIP-141's program version of its addresses; undefined before segwit. */
export const segwitVersion = ({ wrapping, script }: Template): 0 | undefined =>
  wrapping === 'wsh' || wrapping === 'sh-wsh' || script.kind === 'wpkh' ? 0 : undefined;

/** How many keys the template wants: one more than the highest index. */
export const keyCount = ({ script }: Template): number =>
  1 + Math.max(...script.keys.map(({ keyIndex }) => keyIndex));

/** BIP-388: the same key may stand twice only where its branches differ. */
export const hasRepeatedBranch = ({ script: { keys } }: Template): boolean =>
  keys.some((a, i) =>
    keys
      .slice(i + 1)
      .some(
        (b) =>
          a.keyIndex === b.keyIndex &&
          [a.first, a.second].some((branch) => branch === b.first || branch === b.second),
      ),
  );

const WRAPPINGS: Readonly<Record<string, Wrapping>> = {
  '': 'bare',
  'sh(': 'sh',
  'wsh(': 'wsh',
  'sh(wsh(': 'sh-wsh',
};

/** The app's own limit of a multisig; it can write no larger number. */
const MAX_MULTISIG = 16;

/** What our multisig scripts hold. */
const MAX_EMULATED = 15;

const parseMultisig = (
  inner: string,
  closing: string,
  wrapping: Wrapping,
  sorted: boolean,
  version: 1 | 2,
): ParsedTemplate => {
  const match = /^(?:sorted)?multi\(([^(),]*)((?:,[^(),]*)*)\)(.*)$/s.exec(inner);
  const required = parseDecimal(match?.[1], 0x7fff);
  const keys =
    match?.[2]
      ?.split(',')
      .slice(1)
      .map((key) => parseKey(key, version)) ?? [];
  if (match?.[3] !== closing || required === undefined || !keys.every(isKey)) return 'malformed';
  if (required < 1 || required > keys.length || keys.length > MAX_MULTISIG) return 'malformed';
  if (keys.length > MAX_EMULATED) return 'notEmulated';
  return { wrapping, script: { kind: 'multisig', sorted, required, keys } };
};

const parseSingleKey = (
  inner: string,
  closing: string,
  wrapping: Wrapping,
  kind: 'pkh' | 'wpkh',
  version: 1 | 2,
): ParsedTemplate => {
  const match = /^w?pkh\(([^(),]*)\)(.*)$/s.exec(inner);
  const key = parseKey(match?.[1] ?? '', version);
  if (key === undefined || match?.[2] !== closing) return 'malformed';
  if (kind === 'wpkh') {
    if (wrapping === 'wsh' || wrapping === 'sh-wsh') return 'malformed';
  } else if (wrapping !== 'bare') {
    return 'notEmulated';
  }
  return { wrapping, script: { kind, keys: [key] } };
};

/**
 * Whether a script that is none of ours may be one of the app's. Its functions and wrappers alone are
 * looked at, so a miniscript that the app would find malformed or unsound is answered alike.
 */
const isBeyond = (inner: string, name: string, wrapping: Wrapping): boolean => {
  if (wrapping === 'bare') return name === 'tr' || FRAGMENTS.has(name);
  if (wrapping !== 'wsh') return name === 'pk';
  const unwrapped = inner.replace(/^[acdjlnstuv]+:/, '');
  return FRAGMENTS.has(/^[a-z0-9_]*/.exec(unwrapped)?.[0] ?? '');
};

const FRAGMENTS: ReadonlySet<string> = new Set(
  (
    '0 1 pk pkh pk_k pk_h older after sha256 hash256 ripemd160 hash160 andor and_v and_b and_n or_b or_c ' +
    'or_d or_i thresh multi'
  ).split(' '),
);

const isKey = (key: KeyExpression | undefined): key is KeyExpression => key !== undefined;

const parseKey = (text: string, version: 1 | 2): KeyExpression | undefined => {
  const match = /^@([0-9]+)(.*)$/s.exec(text);
  const keyIndex = parseDecimal(match?.[1], 0x7fff);
  const branches = version === 1 ? parseNothing(match?.[2]) : parseBranches(match?.[2]);
  return keyIndex === undefined || branches === undefined ? undefined : { keyIndex, ...branches };
};

type Branches = Pick<KeyExpression, 'first' | 'second'>;

const USUAL: Branches = { first: 0, second: 1 };

const parseNothing = (text: string | undefined): Branches | undefined =>
  text === '' ? USUAL : undefined;

const parseBranches = (text = ''): Branches | undefined => {
  if (text === '/**') return USUAL;
  const match = /^\/<([0-9]+);([0-9]+)>\/\*$/.exec(text);
  const first = parseDecimal(match?.[1], 0x80000000);
  const second = parseDecimal(match?.[2], 0x80000000);
  if (first === undefined || second === undefined || first === second) return undefined;
  return { first, second };
};

/** Without leading zeros, and no more than `max`. */
const parseDecimal = (text: string | undefined, max: number): number | undefined =>
  text !== undefined && /^(0|[1-9][0-9]{0,9})$/.test(text) && Number(text) <= max
    ? Number(text)
    : undefined;
