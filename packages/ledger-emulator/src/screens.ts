import { formatAmount } from './amount-text.ts';
import type { App } from './app.ts';
import { BOLD } from './glyphs.ts';
import { oldScreens } from './old-screens.ts';
import type { Review } from './review.ts';
import { plainScreen, titledScreen, valueScreens } from './text-layout.ts';

/** Whose a key of a policy is, as far as the device can tell; `dummy` is BIP-341's unspendable point. */
export type KeyOwner = 'own' | 'other' | 'dummy';

/** A policy as it is shown before it is registered. */
export interface ShownPolicy {
  readonly name: string;
  readonly template: string;
  readonly keys: readonly { readonly text: string; readonly owner: KeyOwner }[];
}

/** An output that is no change. */
export interface ShownOutput {
  /** An address, or what an OP_RETURN holds. */
  readonly destination: string;
  readonly amount: bigint;
}

export type Warning = 'sighash' | 'externalInputs' | 'unverifiedInputs';

/** All that the app ever shows, as reviews: each list is gone through in order. */
export interface Screens {
  publicKey(path: string, key: string, unusual: boolean): Review;
  register(policy: ShownPolicy): readonly Review[];
  /** Without a name for a default policy. */
  address(address: string, name: string | undefined): Review;
  message(path: string, text: string): readonly Review[];
  messageHash(path: string, hash: string): Review;
  warning(kind: Warning): Review;
  /** Up to sixteen payments in one review; none is a self-transfer. */
  transaction(shown: ShownTransaction): Review;
  /** More of them: before the payments, each payment, and after them. */
  streamStart(name: string | undefined): Review;
  streamOutput(output: ShownOutput, number: number, count: number): Review;
  streamEnd(fee: bigint, highFee: boolean, selfTransfer: boolean): readonly Review[];
  /** After signing, or after a refusal in the midst of it. */
  signed(what: 'Transaction' | 'Message', success: boolean): readonly string[];
}

export interface ShownTransaction {
  readonly name: string | undefined;
  readonly outputs: readonly ShownOutput[];
  readonly fee: bigint;
  readonly highFee: boolean;
}

/** The screens of a version of the app on a Nano S Plus. */
export const screensOf = (app: App): Screens =>
  app.version === '2.3.0' ? oldScreens(app) : screens(app);

const screens = (app: App): Screens => {
  const amount = (sats: bigint): string => `${formatAmount(sats)} ${app.ticker}`;
  const fees = (fee: bigint, highFee: boolean): readonly string[] => [
    ...(highFee ? [HIGH_FEES] : []),
    ...valueScreens('Fees', amount(fee)),
  ];
  const payment = (
    { destination, amount: sats }: ShownOutput,
    title: string,
  ): readonly string[] => [
    ...valueScreens('Amount', amount(sats)),
    ...valueScreens(title, destination),
  ];
  return {
    publicKey: (path, key) =>
      review(
        [
          plainScreen('Confirm public key'),
          ...valueScreens('Path', path),
          ...valueScreens('Public key', key),
        ],
        CHOICES.publicKey,
      ),
    register: ({ name, template, keys }) => [
      review(
        [
          plainScreen('Review account\nto register'),
          ...valueScreens('Account name', name),
          ...valueScreens('Wallet policy', template),
          plainScreen('Review co-signer\npublic keys', BOLD),
          ...keys.flatMap(({ text, owner }, i) => valueScreens(`${OWNERS[owner]} key@${i}`, text)),
        ],
        CHOICES.register,
      ),
    ],
    address: (address, name) =>
      review(
        [
          plainScreen('Verify bitcoin\naddress'),
          ...valueScreens('Address', address),
          ...(name === undefined ? [] : valueScreens('Account name', name)),
        ],
        CHOICES.address,
      ),
    message: (path, text) => [
      review(
        ['Review message', ...valueScreens('Path', path), ...valueScreens('Message', text)],
        CHOICES.message,
      ),
    ],
    messageHash: (path, hash) =>
      review(
        ['Review message', ...valueScreens('Path', path), ...valueScreens('Message hash', hash)],
        CHOICES.message,
      ),
    warning: (kind) =>
      review(['Security risk', titledScreen('Security risk', WARNINGS[kind])], CHOICES.warning),
    transaction: ({ name, outputs, fee, highFee }) => {
      const count = outputs.length;
      const shown = outputs.flatMap((output, i) => [
        ...(count > 1 ? valueScreens('Transaction output', `${i + 1} of ${count}`) : []),
        ...payment(output, 'To'),
      ]);
      return review(
        [
          REVIEW_TRANSACTION,
          ...from(name),
          ...(count === 0 ? valueScreens('Amount', `${amount(0n)} (self-transfer)`) : shown),
          ...fees(fee, highFee),
        ],
        CHOICES.transaction,
      );
    },
    // The name is drawn over the title before anyone can press a button, and both are one screen to a reader.
    streamStart: (name) => {
      const [first, ...rest] = from(name);
      return pages([
        first === undefined ? REVIEW_TRANSACTION : `${REVIEW_TRANSACTION} | ${first}`,
        ...rest,
      ]);
    },
    streamOutput: (output, number, count) =>
      pages([
        ...valueScreens('Transaction output', `${number} of ${count}`),
        ...payment(output, 'Address'),
      ]),
    streamEnd: (fee, highFee) => [review(fees(fee, highFee), CHOICES.transaction)],
    signed: (what, success) => [`${what} ${success ? 'signed' : 'rejected'}`],
  };
};

/** How a review ends: where both buttons approve, where they refuse, and what is said then. */
interface Choice {
  readonly approve: string;
  readonly refuse: string;
  readonly approved?: string;
  readonly refused: string;
}

const CHOICES = {
  publicKey: {
    approve: 'Approve public key',
    refuse: 'Reject operation',
    approved: 'Public key\napproved',
    refused: 'Public key rejected',
  },
  register: {
    approve: 'Register account',
    refuse: 'Reject operation',
    approved: 'Account registered',
    refused: 'Account rejected',
  },
  address: {
    approve: 'Confirm',
    refuse: 'Cancel',
    approved: 'Address verified',
    refused: 'Address verification cancelled',
  },
  message: { approve: 'Sign message', refuse: 'Reject message', refused: 'Message rejected' },
  transaction: {
    approve: 'Sign transaction',
    refuse: 'Reject transaction',
    refused: 'Transaction rejected',
  },
  warning: {
    approve: 'Continue anyway',
    refuse: 'Back to safety',
    refused: 'Transaction rejected',
  },
} as const satisfies Readonly<Record<string, Choice>>;

const WARNINGS: Readonly<Record<Warning, string>> = {
  sighash: 'Non-default sighash',
  externalInputs: 'There are external inputs\nReject if not sure',
  unverifiedInputs: 'Unverified inputs\nUpdate your wallet software',
};

const OWNERS: Readonly<Record<KeyOwner, string>> = { own: 'Our', other: 'Their', dummy: 'Dummy' };

const REVIEW_TRANSACTION = plainScreen('Review transaction\nto send bitcoin');

const HIGH_FEES = titledScreen('High fees warning', 'Fees are above 10%\n of total amount');

const from = (name: string | undefined): readonly string[] =>
  name === undefined ? [] : valueScreens('From', name);

const review = (shown: readonly string[], choice: Choice): Review => {
  const screensToApprove = [...shown, plainScreen(choice.approve, BOLD)];
  return {
    screens: screensToApprove,
    refused: [...screensToApprove, plainScreen(choice.refuse, BOLD), plainScreen(choice.refused)],
    approved: choice.approved === undefined ? [] : [plainScreen(choice.approved)],
  };
};

const pages = (shown: readonly string[]): Review => ({
  screens: shown,
  refused: undefined,
  approved: [],
});
