import { encodeAddress } from '@qoima/policy';
import { formatHex, isQoimaError, type Network } from '@qoima/primitives';

/** How the app shows where an output pays to: an address, or OP_RETURN with what it carries. */
export const shownScript = (script: Uint8Array, network: Network): string | undefined => {
  try {
    // The app of all test networks shows the addresses of testnet, for regtest as well.
    return encodeAddress(script, network === 'mainnet' ? 'mainnet' : 'testnet');
  } catch (error) {
    if (!isQoimaError(error, 'POLICY_ADDRESS_NONE')) throw error;
    return shownReturn(script);
  }
};

/** True for a script that the app can show; it signs no payment to another one (seen: 6a82). */
export const isShownScript = (script: Uint8Array): boolean =>
  shownScript(script, 'mainnet') !== undefined;

const OP = { return: 0x6a, pushData1: 0x4c, negative1: 0x4f, reserved: 0x50, sixteen: 0x60 };
/** What Bitcoin Core relayed for years: 80 bytes of data and what pushes them. */
const MAX_RETURN = 83;
const MAX_PUSHES = 5;
/** From here on OP_PUSHDATA1 is the shortest way to push. */
const MIN_PUSHDATA1 = 76;

/** Up to five minimal pushes (read in the app's source); plain OP_RETURN is taken as well. */
const shownReturn = (script: Uint8Array): string | undefined => {
  if (script[0] !== OP.return || script.length > MAX_RETURN) return undefined;
  const shown = ['OP_RETURN'];
  let at = 1;
  while (at < script.length) {
    if (shown.length > MAX_PUSHES) return undefined;
    const opcode = script[at++] as number;
    if (opcode === 0) {
      shown.push('0');
    } else if (opcode <= OP.pushData1) {
      const length = opcode < OP.pushData1 ? opcode : (script[at++] ?? 0);
      const data = script.subarray(at, at + length);
      if (data.length !== length || (opcode === OP.pushData1 && length < MIN_PUSHDATA1)) {
        return undefined;
      }
      const [only = 0] = data;
      if (length === 1 && (only === 0x81 || (only >= 1 && only <= 16))) return undefined;
      shown.push(`0x${formatHex(data)}`);
      at += length;
    } else if (opcode === OP.negative1) {
      shown.push('-1');
    } else if (opcode > OP.reserved && opcode <= OP.sixteen) {
      shown.push(String(opcode - OP.reserved));
    } else {
      return undefined;
    }
  }
  return shown.join(' ');
};
