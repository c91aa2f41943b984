import { describe, expect, it } from 'vitest';
import {
  checkRegistration,
  decodeRegistration,
  encodeRegistration,
  type Registration,
} from '../src/index.ts';
import { fingerprintOf, registrationOf, walletOf } from './replay.ts';

const policy = walletOf('wsh-3of5');
const registration = registrationOf(policy, 'wsh-3of5');
const file = JSON.parse(encodeRegistration(registration)) as Record<string, unknown>;

describe('a registration file', () => {
  it('is of one layout', () => {
    expect(encodeRegistration(registration)).toBe(`{
  "format": "qoima-ledger-registration/1",
  "policyId": "${registration.policyId}",
  "ledgerPolicyId": "54197499e512fe52a4f4b00f50d49917585a702e3da9c43c7470f9a34f88c414",
  "hmac": "108b47d1cbd5ccbc50db0ef37c0c7c3a4fd5f4781cdde345a4093252d1655b5f",
  "fingerprint": "f5acc2fd",
  "app": "Bitcoin Test",
  "appVersion": "2.4.6",
  "model": "Ledger Nano S Plus",
  "registeredAt": "2026-11-22T00:00:00.000Z"
}
`);
  });

  it.each<[string, Registration]>([
    ['with a model', registration],
    ['without', { ...registration, model: undefined }],
  ])('is read as it was written, %s', (_, written) => {
    expect(decodeRegistration(encodeRegistration(written))).toEqual(written);
  });

  it.each<[string, unknown]>([
    ['another format', { ...file, format: 'qoima-ledger-registration/2' }],
    ['a member more', { ...file, more: 1 }],
    ['a member less', { ...file, hmac: undefined }],
    ['a short hmac', { ...file, hmac: '10' }],
    ['upper case', { ...file, hmac: String(file['hmac']).toUpperCase() }],
    ['an hmac of zeros', { ...file, hmac: '00'.repeat(32) }],
    ['a long fingerprint', { ...file, fingerprint: 'f5acc2fd00' }],
    ['no date', { ...file, registeredAt: 'yesterday' }],
    ['a name of control characters', { ...file, app: 'Bitcoin\u001b[2J' }],
    ['a list', [file]],
    ['null', null],
  ])('is refused: %s', (_, changed) => {
    expect(() => decodeRegistration(JSON.stringify(changed))).toThrow(
      expect.objectContaining({ code: 'DEVICE_REGISTRATION_INVALID' }),
    );
  });

  it.each([
    '',
    '{',
    'x'.repeat(5000),
    encodeRegistration(registration).replace('"app"', '"app": "Bitcoin", "app"'),
  ])('is refused: %j', (text) => {
    expect(() => decodeRegistration(text)).toThrow(
      expect.objectContaining({ code: 'DEVICE_REGISTRATION_INVALID' }),
    );
  });
});

describe('checkRegistration', () => {
  it('takes the one of this policy on this device', () => {
    expect(() => checkRegistration(registration, policy, fingerprintOf(1))).not.toThrow();
  });

  it.each([
    ['another policy', walletOf('sh-wsh-3of5'), fingerprintOf(1)],
    ['the same keys on another network', walletOf('wsh-3of5', 'regtest'), fingerprintOf(1)],
    ['another device', policy, fingerprintOf(2)],
  ])('refuses it for %s', (_, other, fingerprint) => {
    expect(() => checkRegistration(registration, other, fingerprint)).toThrow(
      expect.objectContaining({ code: 'DEVICE_REGISTRATION_MISMATCH' }),
    );
  });
});
