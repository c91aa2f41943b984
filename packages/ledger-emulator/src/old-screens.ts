import { formatAmount } from './amount-text.ts';
import type { App } from './app.ts';
import { OLD_REGULAR } from './glyphs.ts';
import type { Review } from './review.ts';
import type { Screens, ShownOutput, Warning } from './screens.ts';
import { LINE_WIDTH, pagedScreens } from './text-layout.ts';

/**
 * The screens of app 2.3.0, drawn by the older graphics library: every part has its own decision, and
 * nothing is said after it.
 */
export const oldScreens = (app: App): Screens => {
  const amount = (sats: bigint): string => `${app.ticker} ${formatAmount(sats)}`;
  const output = ({ destination, amount: sats }: ShownOutput, number: number): Review =>
    decision(
      [
        `Review | output #${number}`,
        ...paged('Amount', amount(sats)),
        ...paged('Address', destination),
      ],
      'Continue',
    );
  const accept = (fee: bigint, highFee: boolean, selfTransfer: boolean): readonly Review[] => [
    ...(highFee ? [decision(['Fees are above 10% | of total amount!'], 'Continue')] : []),
    decision(
      [...(selfTransfer ? ['Confirm | self-transfer'] : []), ...paged('Fees', amount(fee))],
      'Sign | transaction',
    ),
  ];
  return {
    publicKey: (path, key, unusual) =>
      unusual
        ? decision(
            [
              'The derivation | path is unusual',
              'Confirm public key',
              ...paged('Path', path),
              NOT_SURE,
              ...paged('Public key', key),
            ],
            'Approve',
          )
        : decision(
            ['Confirm public key', ...paged('Path', path), ...paged('Public key', key)],
            'Approve',
          ),
    register: ({ name, template, keys }) => [
      decision(
        ['Register account', ...paged('Account name:', name), ...paged('Wallet policy:', template)],
        'Approve',
      ),
      ...keys.map(({ text, owner }, i) =>
        decision(paged(`Key @${i}, ${OWNERS[owner]}`, text), 'Approve'),
      ),
    ],
    address: (address, name) =>
      decision(
        [
          ...(name === undefined
            ? []
            : ['Receive in | known account', ...paged('Account name:', name)]),
          ...paged('Address', address),
        ],
        'Approve',
      ),
    message: (path, text) => messageReviews(path, text),
    messageHash: (path, hash) =>
      decision(
        ['Sign | message', ...paged('Path', path), ...paged('Message hash', hash)],
        'Sign | message',
      ),
    warning: (kind) => WARNINGS[kind],
    transaction: () => {
      throw new Error('this version asks for each output by itself');
    },
    streamStart: (name) =>
      decision(['Spend from | known account', ...paged('Account name:', name ?? '')], 'Continue'),
    streamOutput: (shown, number) => output(shown, number),
    streamEnd: accept,
    signed: () => [],
  };
};

const OWNERS = { own: 'ours', other: 'theirs', dummy: 'dummy' } as const;

const NOT_SURE = "Reject if you're | not sure";

const decision = (shown: readonly string[], approve: string): Review => ({
  screens: [...shown, approve],
  refused: [...shown, approve, 'Reject'],
  approved: [],
});

/** One that is refused before its end, at a screen of its own. */
const early = (warning: string): Review => ({
  screens: [warning, NOT_SURE, 'Continue'],
  refused: [warning, NOT_SURE],
  approved: [],
});

const WARNINGS: Readonly<Record<Warning, Review>> = {
  sighash: early('Non-default sighash'),
  externalInputs: early('There are | external inputs'),
  unverifiedInputs: decision(
    ['Unverified inputs', 'Update | Ledger Live', 'or third party | wallet software'],
    'Continue',
  ),
};

/** The text in pieces of two chunks, each passed by itself, and only then the decision. */
const messageReviews = (path: string, text: string): readonly Review[] => {
  const pieces = Array.from({ length: Math.ceil(text.length / PIECE) }, (_, i) =>
    text.slice(i * PIECE, (i + 1) * PIECE),
  );
  return [
    ...pieces.map((piece, i) => {
      const before = i === 0 ? '' : '...';
      const after = i === pieces.length - 1 ? '' : '...';
      const lines = linesOf(before + piece + after);
      const content = Array.from({ length: Math.ceil(lines.length / 3) }, (_, page) =>
        pagedScreens('Message content', lines.slice(3 * page, 3 * page + 3), OLD_REGULAR),
      ).flat();
      const opening = i === 0 ? ['Sign | message', ...paged('Path', path)] : [];
      return { screens: [...opening, ...content], refused: undefined, approved: [] };
    }),
    decision([], 'Sign | message'),
  ];
};

const PIECE = 128;

const paged = (title: string, text: string): readonly string[] =>
  pagedScreens(title, linesOf(text), OLD_REGULAR);

/** Lines break before the last delimiter that fits, not after it. */
const linesOf = (text: string): readonly string[] => {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > 0) {
    const length = Math.max(1, fittingLength(rest));
    lines.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
  return lines;
};

const isDelimiter = (character: string | undefined): boolean =>
  character === ' ' || character === '-' || character === '_';

const fittingLength = (text: string): number => {
  let width = 0;
  let delimiter = 0;
  let length = 0;
  while (length < text.length) {
    const character = text[length] as string;
    width += OLD_REGULAR.widths.get(character) ?? 0;
    if (width > LINE_WIDTH) break;
    if (isDelimiter(character)) delimiter = length;
    length++;
  }
  const cutsWord =
    length < text.length &&
    delimiter > 0 &&
    !isDelimiter(text[length - 1]) &&
    !isDelimiter(text[length]);
  return cutsWord ? delimiter : length;
};
