import {
  type DerivationPath,
  encodeAddress,
  formatCosignerKey,
  formatDerivationPath,
  type PolicyScript,
  policyTemplate,
  type WalletPolicy,
} from '@qoima/policy';
import {
  equalBytes,
  formatBtc,
  formatHex,
  type Network,
  parseUtf8,
  type Sats,
  sha256,
  sumSats,
} from '@qoima/primitives';
import type { PolicyMatch, Psbt } from '@qoima/psbt';
import { deviceFamily, paymentsInOneReview } from './device-model.ts';
import { hiddenChange } from './own-cosigners.ts';
import { shownScript } from './shown-script.ts';

/** One thing that the device shows: what it is called there, and what stands under it. */
export interface Screen {
  readonly title: string;
  readonly text?: string;
}

/** What a person is about to be shown. */
export type ScreenTask =
  | {
      readonly show: 'registration';
      readonly policy: WalletPolicy;
      readonly fingerprint: Uint8Array;
    }
  | { readonly show: 'address'; readonly policy: WalletPolicy; readonly script: PolicyScript }
  | {
      readonly show: 'signing';
      readonly psbt: Psbt;
      readonly match: PolicyMatch;
      /** Of the device: change that it cannot tell by a key of its own it shows as a payment. */
      readonly fingerprint: Uint8Array;
    }
  | { readonly show: 'message'; readonly path: DerivationPath; readonly text: string };

/** What a person is going to see on the device. */
export interface ExpectedScreens {
  /**
   * True for a Nano, whose screens were recorded with app 2.4.6, page by page. On other families the
   * same things are shown in the same order, and how they are laid out was not tried.
   */
  readonly seen: boolean;
  /** In order. A text that is longer than a screen goes on over several pages there. */
  readonly screens: readonly Screen[];
  /** For the person, before the first screen. */
  readonly notes: readonly string[];
}

/** What the device will show for a task, in order: to be printed before it is asked. */
export const expectedScreens = (task: ScreenTask, model?: string): ExpectedScreens => {
  const family = deviceFamily(model);
  const { screens, notes } = taskScreens(task, model, family === 'touch' ? TOUCH_WORDS : WORDS);
  const layout =
    family === 'nano'
      ? 'Long texts go on over several pages; go forward with the right button, accept with both.'
      : family === 'touch'
        ? 'This device has a touch screen: the order is the same, its pages were not tried here.'
        : 'The model is not known: the order is the same, its pages were not tried here.';
  return { seen: family === 'nano', screens, notes: [layout, OLD_APP, ...notes] };
};

const OLD_APP = 'An app older than 2.4 words some titles otherwise, and may order them otherwise.';

/**
 * What devices with a touch screen call otherwise (`SCREEN_SIZE_WALLET`; read in `display.c` and
 * `display_nbgl.c` of the app).
 */
const WORDS = { own: 'Our', other: 'Their', template: 'Wallet policy', message: 'Message' };
const TOUCH_WORDS: typeof WORDS = {
  own: 'Internal',
  other: 'External',
  template: 'Descriptor template',
  message: 'Message content',
};

interface TaskScreens {
  readonly screens: readonly Screen[];
  readonly notes: readonly string[];
}

const taskScreens = (
  task: ScreenTask,
  model: string | undefined,
  words: typeof WORDS,
): TaskScreens => {
  switch (task.show) {
    case 'registration':
      return registrationScreens(task.policy, task.fingerprint, words);
    case 'address':
      return addressScreens(task.policy, task.script);
    case 'signing':
      return signingScreens(task, paymentsInOneReview(model));
    case 'message':
      return messageScreens(task.path, task.text, words);
  }
};

const registrationScreens = (
  policy: WalletPolicy,
  fingerprint: Uint8Array,
  words: typeof WORDS,
): TaskScreens => ({
  screens: [
    { title: 'Review account to register' },
    { title: 'Account name', text: policy.name },
    { title: words.template, text: policyTemplate(policy) },
    { title: 'Review co-signer public keys' },
    ...policy.cosigners.map((cosigner, i) => ({
      title: `${equalBytes(cosigner.origin.fingerprint, fingerprint) ? words.own : words.other} key@${i}`,
      text: formatCosignerKey(cosigner),
    })),
    { title: 'Register account' },
  ],
  notes: ['Compare every key with a copy that did not come with this policy.'],
});

const addressScreens = (policy: WalletPolicy, script: PolicyScript): TaskScreens => ({
  screens: [
    { title: 'Verify bitcoin address' },
    { title: 'Address', text: encodeAddress(script.scriptPubKey, appNetwork(policy.network)) },
    { title: 'Account name', text: policy.name },
    { title: 'Confirm' },
  ],
  notes: addressNotes(policy),
});

const addressNotes = ({ network }: WalletPolicy): readonly string[] =>
  network === 'regtest'
    ? ['The app shows addresses of regtest as those of testnet: tb1… in the place of bcrt1….']
    : [];

const signingScreens = (
  { psbt, match, fingerprint }: Extract<ScreenTask, { show: 'signing' }>,
  inOneReview: number,
): TaskScreens => {
  const { policy, transaction, inputs, fee } = match;
  const unit = policy.network === 'mainnet' ? 'BTC' : 'TEST';
  const hidden = hiddenChange(psbt, match, fingerprint);
  const payments = transaction.outputs.filter((_, index) => hidden[index] === undefined);
  const streamed = payments.length > inOneReview;
  const shownPayments = payments.flatMap(({ amount, script }, i) => [
    ...(payments.length > 1
      ? [{ title: 'Transaction output', text: `${i + 1} of ${payments.length}` }]
      : []),
    { title: 'Amount', text: shownAmount(amount, unit) },
    {
      title: streamed ? 'Address' : 'To',
      text: shownScript(script, policy.network) ?? formatHex(script),
    },
  ]);
  const spent = sumSats(
    inputs.map(({ amount }) => amount),
    'The sum of the inputs',
  );
  const isHighFee = 10n * fee >= spent && spent > HIGH_FEE_FLOOR;
  return {
    screens: [
      { title: 'Review transaction to send bitcoin' },
      { title: 'From', text: policy.name },
      ...(payments.length === 0
        ? [{ title: 'Amount', text: `0 ${unit} (self-transfer)` }]
        : shownPayments),
      ...(isHighFee
        ? [{ title: 'High fees warning', text: 'Fees are above 10% of total amount' }]
        : []),
      { title: 'Fees', text: shownAmount(fee, unit) },
      { title: 'Sign transaction' },
    ],
    notes: [
      ...addressNotes(policy),
      'Not shown on the device: change, lock time, sequences, and which coins are spent.',
      'Any other page, a security risk above all, is a reason to reject and to ask.',
    ],
  };
};

/** Messages longer than this, or with other characters, are shown by their SHA-256 alone. */
const MAX_SHOWN_MESSAGE = 640;

const messageScreens = (path: DerivationPath, text: string, words: typeof WORDS): TaskScreens => {
  const bytes = parseUtf8(text);
  const isShown = bytes.length <= MAX_SHOWN_MESSAGE && /^[\x20-\x7e]*$/.test(text);
  return {
    screens: [
      { title: 'Review message' },
      { title: 'Path', text: formatDerivationPath(path) },
      isShown
        ? { title: words.message, text }
        : { title: 'Message hash', text: formatHex(sha256(bytes)).toUpperCase() },
      { title: 'Sign message' },
    ],
    notes: [],
  };
};

/** The app says nothing about fees of what is worth less. */
const HIGH_FEE_FLOOR: Sats = 100_000n;

/** Without trailing zeros: `0.001 BTC`, `2 BTC`. */
const shownAmount = (sats: Sats, unit: string): string =>
  `${formatBtc(sats).replace(/\.?0+$/, '')} ${unit}`;

/** There are two apps: Bitcoin, and Bitcoin Test for all test networks. */
const appNetwork = (network: Network): Network => (network === 'mainnet' ? 'mainnet' : 'testnet');
