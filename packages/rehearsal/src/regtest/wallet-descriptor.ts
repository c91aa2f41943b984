import {
  type Branch,
  descriptorChecksum,
  formatDescriptor,
  type PolicyScript,
  parseDescriptor,
  policyScripts,
} from '@qoima/policy';
import { isQoimaError } from '@qoima/primitives';
import { RPC, RpcError } from './rpc-error.ts';

/** A descriptor of one branch, as the embedded wallet understands it: a multisig of a policy. */
export interface WalletDescriptor {
  /** In Core's normal form, hardened steps with `h`, with its checksum. */
  readonly text: string;
  scriptAt(index: number): PolicyScript;
}

/**
 * Reads a descriptor whose keys all end with the same `/0/*` or `/1/*`, on regtest.
 * @throws RpcError
 */
export const parseWalletDescriptor = (text: string): WalletDescriptor => {
  try {
    return readDescriptor(text);
  } catch (error) {
    if (isQoimaError(error)) throw new RpcError(RPC.INVALID_ADDRESS_OR_KEY, error.message);
    throw error;
  }
};

const readDescriptor = (text: string): WalletDescriptor => {
  const [body = '', checksum] = text.split('#');
  if (checksum === undefined) throw new RpcError(RPC.INVALID_ADDRESS_OR_KEY, 'Missing checksum');
  const expected = descriptorChecksum(body);
  if (checksum !== expected) {
    const what = `Provided checksum '${checksum}' does not match computed checksum '${expected}'`;
    throw new RpcError(RPC.INVALID_ADDRESS_OR_KEY, what);
  }
  const branch: Branch = body.includes('/1/*') ? 'change' : 'receive';
  const { policy } = parseDescriptor(body.replaceAll(/\/[01]\/\*/g, '/<0;1>/*'), {
    network: 'regtest',
  });
  const normal = formatDescriptor(policy, branch);
  // Holds only when all keys are of that branch and nothing else was read another way.
  if (normal.split('#', 1)[0] !== body.replaceAll("'", 'h')) {
    const what = 'The embedded node knows multisig descriptors of one branch with tpub keys only';
    throw new RpcError(RPC.INVALID_ADDRESS_OR_KEY, what);
  }
  const scripts = policyScripts(policy);
  return { text: normal, scriptAt: (index) => scripts.at(branch, index) };
};
