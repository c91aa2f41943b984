import type { ScriptKind } from '@qoima/policy';
import { describe, expect, it } from 'vitest';
import { encodeTransaction, estimateWeight, transactionWeight } from '../src/index.ts';

/** Of 2-of-3, as bytes of the right lengths: an OP_PUSHDATA1 in front of 105 bytes, signatures of 72. */
const input = (kind: ScriptKind) => ({
  txid: new Uint8Array(32),
  vout: 0,
  sequence: 0,
  scriptSig: new Uint8Array({ wsh: 0, 'sh-wsh': 35, sh: 1 + 2 * 73 + 2 + 105 }[kind]),
  witness: kind === 'sh' ? [] : [0, 72, 72, 105].map((length) => new Uint8Array(length)),
});

describe('estimateWeight', () => {
  it.each<readonly [readonly ScriptKind[]]>([
    [['wsh']],
    [['sh-wsh']],
    [['sh', 'sh']],
    [['sh', 'wsh', 'sh', 'sh-wsh']],
  ])('is the weight of a transaction of %j', (kinds) => {
    const bytes = encodeTransaction({
      version: 2,
      lockTime: 0,
      inputs: kinds.map(input),
      outputs: [{ amount: 1n, script: new Uint8Array(22) }],
    });
    const shapes = kinds.map((scriptKind) => {
      return { scriptKind, quorum: { required: 2, total: 3 } };
    });
    expect(estimateWeight(shapes, [new Uint8Array(22)])).toBe(transactionWeight(bytes));
  });
});
