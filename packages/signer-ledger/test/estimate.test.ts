import { describe, expect, it } from 'vitest';
import { signingExchanges } from '../src/estimate.ts';
import { index, psbtOf } from './replay.ts';

const signed = index.vectors.filter(
  ({ command, statusWord, params, name }) =>
    command === 'SIGN_PSBT' &&
    statusWord === '9000' &&
    params?.wallet !== undefined &&
    !/-tr-|external-input/.test(name),
);

describe('signingExchanges', () => {
  it('is some 350 for one input and two outputs of a 3-of-5', () => {
    expect(signingExchanges(psbtOf('sign-wsh-1in-2out-c1'), 5, 1, true)).toBe(351);
  });

  it.each(signed.map((vector) => [vector.name, vector] as const))(
    'is within 10 % of what the app took: %s',
    (name, { exchanges, params, signatures = [] }) => {
      const keys = index.wallets[params?.wallet ?? '']?.keys.length ?? 0;
      const psbt = psbtOf(name);
      const ownKeys = signatures.length / psbt.inputs.length;
      const estimate = signingExchanges(psbt, keys, ownKeys, true);
      expect(Math.abs(estimate - exchanges) / exchanges).toBeLessThan(0.1);
    },
  );
});
