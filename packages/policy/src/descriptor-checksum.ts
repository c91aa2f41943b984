import { policyError } from './errors.ts';

/** BIP-380's characters, in its order: three groups of 32. */
const INPUT_CHARSET =
  "0123456789()[],'/*abcdefgh@:$%{}" +
  'IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~' +
  'ijklmnopqrstuvwxyzABCDEFGH`#"\\ ';
const CHECKSUM_CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0xf5dee51989n, 0xa9fdca3312n, 0x1bab10e32dn, 0x3706b1677an, 0x644d626ffdn];
const CHECKSUM_LENGTH = 8;

/**
 * The 8 characters that stand behind `#` (BIP-380). They catch slips of the pen; 40 bits do not
 * identify a policy, `policyId` does.
 * @throws `POLICY_DESCRIPTOR_INVALID` on a character that no descriptor may hold.
 */
export const descriptorChecksum = (descriptor: string): string => {
  let state = 1n;
  let group = 0;
  let inGroup = 0;
  for (const character of descriptor) {
    const position = INPUT_CHARSET.indexOf(character);
    if (position < 0) {
      throw policyError(
        'POLICY_DESCRIPTOR_INVALID',
        'The descriptor holds a character that none may (BIP-380).',
      );
    }
    state = step(state, position & 31);
    group = group * 3 + (position >> 5);
    inGroup += 1;
    if (inGroup === 3) {
      state = step(state, group);
      group = 0;
      inGroup = 0;
    }
  }
  if (inGroup > 0) state = step(state, group);
  for (let i = 0; i < CHECKSUM_LENGTH; i++) state = step(state, 0);
  state ^= 1n;
  let checksum = '';
  for (let i = CHECKSUM_LENGTH - 1; i >= 0; i--) {
    checksum += CHECKSUM_CHARSET[Number((state >> BigInt(5 * i)) & 31n)];
  }
  return checksum;
};

/**
 * Parts a descriptor from its checksum, after checking that. BIP-380 lets a checksum be left out;
 * `hasChecksum` tells.
 * @throws `POLICY_CHECKSUM_WRONG`, `POLICY_DESCRIPTOR_INVALID`
 */
export const splitChecksum = (text: string): { descriptor: string; hasChecksum: boolean } => {
  const at = text.indexOf('#');
  const descriptor = at < 0 ? text : text.slice(0, at);
  const expected = descriptorChecksum(descriptor);
  const actual = text.slice(descriptor.length + 1);
  if (at >= 0 && actual !== expected) {
    throw policyError('POLICY_CHECKSUM_WRONG', 'The checksum of the descriptor is wrong.', {
      expected,
      actual: actual.slice(0, 2 * CHECKSUM_LENGTH),
    });
  }
  return { descriptor, hasChecksum: at >= 0 };
};

const step = (state: bigint, value: number): bigint => {
  const top = state >> 35n;
  let next = ((state & 0x7ffffffffn) << 5n) ^ BigInt(value);
  for (const [i, generator] of GENERATOR.entries()) {
    if (((top >> BigInt(i)) & 1n) === 1n) next ^= generator;
  }
  return next;
};
