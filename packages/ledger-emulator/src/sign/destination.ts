import { encodeAddress } from '@qoima/policy';
import { formatHex, isQoimaError, type Network } from '@qoima/primitives';
import { Refusal } from '../app-error.ts';
import type { ShownOutput } from '../screens.ts';
import type { OutputRead } from './outputs.ts';
import type { Spend } from './request.ts';

/** A payment as it is shown. @throws `Refusal` for a script that has no address and is no OP_RETURN */
export const shownOutput = ({ device }: Spend, { amount, script }: OutputRead): ShownOutput => {
  const destination = addressOf(script, device.app.network) ?? opReturnText(script);
  if (destination === undefined) throw new Refusal('notSupported');
  return { destination, amount };
};

const addressOf = (script: Uint8Array, network: Network): string | undefined => {
  try {
    return encodeAddress(script, network);
  } catch (error) {
    if (isQoimaError(error, 'POLICY_ADDRESS_NONE')) return undefined;
    throw error;
  }
};

const OP_RETURN = 0x6a;
const OP_PUSHDATA1 = 0x4c;
const OP_1NEGATE = 0x4f;
const OP_RESERVED = 0x50;
const OP_16 = 0x60;
const MAX_OP_RETURN = 83;
const MAX_PUSHES = 5;

/** `OP_RETURN 0x… 5 -1`: up to five pushes, each in its shortest form. */
const opReturnText = (script: Uint8Array): string | undefined => {
  if (script[0] !== OP_RETURN || script.length > MAX_OP_RETURN) return undefined;
  const words = ['OP_RETURN'];
  let at = 1;
  while (at < script.length) {
    const push = readPush(script, at);
    if (push === undefined || words.length > MAX_PUSHES) return undefined;
    words.push(push.text);
    at = push.end;
  }
  return words.join(' ');
};

const readPush = (
  script: Uint8Array,
  at: number,
): { readonly text: string; readonly end: number } | undefined => {
  const opcode = script[at] as number;
  if (opcode === 0) return { text: '0', end: at + 1 };
  if (opcode === OP_1NEGATE) return { text: '-1', end: at + 1 };
  if (opcode > OP_RESERVED) {
    return opcode > OP_16 ? undefined : { text: `${opcode - OP_RESERVED}`, end: at + 1 };
  }
  if (opcode > OP_PUSHDATA1) return undefined;
  const isLong = opcode === OP_PUSHDATA1;
  const length = isLong ? script[at + 1] : opcode;
  if (length === undefined || (isLong && length < OP_PUSHDATA1)) return undefined;
  const start = at + (isLong ? 2 : 1);
  const data = script.subarray(start, start + length);
  const [only = 0] = data;
  const isNumber = data.length === 1 && (only === 0x81 || (only >= 1 && only <= 16));
  if (data.length < length || isNumber) return undefined;
  return { text: `0x${formatHex(data)}`, end: start + length };
};
