import { policyError } from './errors.ts';
import type { ScriptKind } from './wallet-policy.ts';

/**
 * The script expressions that Qoima holds, as text around a threshold and keys. Descriptors and
 * BIP-388 templates have the same ones and differ in how a key is written.
 */
export interface ScriptExpression {
  readonly scriptKind: ScriptKind;
  readonly sorted: boolean;
  readonly required: number;
  readonly keys: readonly string[];
}

interface ScriptForm {
  readonly scriptKind: ScriptKind;
  readonly sorted: boolean;
  readonly open: string;
  readonly close: string;
}

/** BIP-381 (sh), BIP-382 (wsh), BIP-383 (multi, sortedmulti). */
const FORMS: readonly ScriptForm[] = [
  { scriptKind: 'wsh', sorted: true, open: 'wsh(sortedmulti(', close: '))' },
  { scriptKind: 'wsh', sorted: false, open: 'wsh(multi(', close: '))' },
  { scriptKind: 'sh-wsh', sorted: true, open: 'sh(wsh(sortedmulti(', close: ')))' },
  { scriptKind: 'sh-wsh', sorted: false, open: 'sh(wsh(multi(', close: ')))' },
  { scriptKind: 'sh', sorted: true, open: 'sh(sortedmulti(', close: '))' },
  { scriptKind: 'sh', sorted: false, open: 'sh(multi(', close: '))' },
];

/**
 * Takes the expression apart; the keys stay text. Whether the threshold suits the number of keys is
 * `quorum`'s to say.
 * @throws `POLICY_SCRIPT_UNSUPPORTED`, `POLICY_DESCRIPTOR_INVALID`, `POLICY_QUORUM_INVALID`
 */
export const parseScriptExpression = (text: string): ScriptExpression => {
  const form = FORMS.find(({ open, close }) => text.startsWith(open) && text.endsWith(close));
  const inner = form && text.slice(form.open.length, -form.close.length);
  if (form === undefined || inner === undefined || /[()]/.test(inner)) throw notHeld(text);
  const [threshold = '', ...keys] = inner.split(',');
  if (!/^(0|[1-9][0-9]{0,2})$/.test(threshold)) {
    throw policyError('POLICY_QUORUM_INVALID', 'The threshold is not a number.');
  }
  return { scriptKind: form.scriptKind, sorted: form.sorted, required: Number(threshold), keys };
};

export const formatScriptExpression = (expression: ScriptExpression): string => {
  const { scriptKind, sorted, required, keys } = expression;
  const form = FORMS.find((row) => row.scriptKind === scriptKind && row.sorted === sorted);
  if (form === undefined) throw new Error('the table has a row for each kind of script');
  return `${form.open}${[required, ...keys].join(',')}${form.close}`;
};

/** What has the shape of an expression is merely unsupported. Only its first functions are quoted. */
const notHeld = (text: string): Error => {
  const functions = /^(?:[a-z_]{1,20}\(){1,4}/.exec(text)?.[0];
  return functions === undefined || !text.endsWith(')')
    ? policyError('POLICY_DESCRIPTOR_INVALID', 'The text is not a script expression.')
    : policyError('POLICY_SCRIPT_UNSUPPORTED', `The script is not a multisig: ${functions}…`);
};
