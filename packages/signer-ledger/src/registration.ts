import { policyId, type WalletPolicy } from '@qoima/policy';
import { equalBytes, formatHex, hasRepeatedMember, parseHex } from '@qoima/primitives';
import * as v from 'valibot';
import { ledgerError } from './errors.ts';
import { ledgerPolicyId, ledgerPolicyOf } from './ledger-policy.ts';

const FORMAT = 'qoima-ledger-registration/1';

/** What a device gave when a person approved a policy on it: without it the device signs nothing. */
export interface Registration {
  /** Qoima's own id, 64 hex digits. */
  readonly policyId: string;
  /** What the device knows the policy by, 32 bytes. */
  readonly ledgerPolicyId: Uint8Array;
  /** 32 bytes; it depends on the seed and the policy alone, so registering again gives the same. */
  readonly hmac: Uint8Array;
  /** Of the device's master key, 4 bytes. */
  readonly fingerprint: Uint8Array;
  readonly app: string;
  readonly appVersion: string;
  /** The product, as far as the connection told. */
  readonly model?: string | undefined;
  /** When, in ISO 8601 and UTC. */
  readonly registeredAt: string;
}

const hexOf = (bytes: number) =>
  v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`)));
const shortText = v.pipe(v.string(), v.regex(/^[\x20-\x7e]{1,64}$/));

const registrationFile = v.strictObject({
  format: v.literal(FORMAT),
  policyId: hexOf(32),
  ledgerPolicyId: hexOf(32),
  hmac: hexOf(32),
  fingerprint: hexOf(4),
  app: shortText,
  appVersion: shortText,
  model: v.optional(shortText),
  registeredAt: v.pipe(v.string(), v.isoTimestamp()),
});

/** Far above what the members can take. */
const MAX_TEXT_LENGTH = 4096;

/** The registration as `qoima-ledger-registration/1`: JSON of one layout. It holds no secret key. */
export const encodeRegistration = (registration: Registration): string => {
  const file: v.InferOutput<typeof registrationFile> = {
    format: FORMAT,
    policyId: registration.policyId,
    ledgerPolicyId: formatHex(registration.ledgerPolicyId),
    hmac: formatHex(registration.hmac),
    fingerprint: formatHex(registration.fingerprint),
    app: registration.app,
    appVersion: registration.appVersion,
    model: registration.model,
    registeredAt: registration.registeredAt,
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
};

/**
 * Reads a registration; `what` names it in errors. Whether it belongs to a policy and a device is for
 * `checkRegistration`, and whether the device takes it only the device can tell.
 * @throws `DEVICE_REGISTRATION_INVALID`
 */
export const decodeRegistration = (text: string, what = 'The registration'): Registration => {
  if (text.length > MAX_TEXT_LENGTH) {
    throw ledgerError('DEVICE_REGISTRATION_INVALID', `${what} is too long.`, {
      expected: MAX_TEXT_LENGTH,
      actual: text.length,
    });
  }
  const value = parseJson(text, what);
  const result = v.safeParse(registrationFile, value);
  if (!result.success) {
    const member = v.getDotPath(result.issues[0]) ?? 'its top level';
    throw ledgerError('DEVICE_REGISTRATION_INVALID', `${what} is wrong at ${member}.`, { member });
  }
  if (hasRepeatedMember(text, value)) {
    throw ledgerError('DEVICE_REGISTRATION_INVALID', `${what} has a member twice.`);
  }
  const { format: _, ledgerPolicyId: id, hmac, fingerprint, ...rest } = result.output;
  if (/^0*$/.test(hmac)) {
    throw ledgerError('DEVICE_REGISTRATION_INVALID', `${what} holds no HMAC, only zeros.`);
  }
  return {
    ...rest,
    ledgerPolicyId: parseHex(id),
    hmac: parseHex(hmac),
    fingerprint: parseHex(fingerprint),
  };
};

/**
 * A registration of exactly this policy, on the device of this fingerprint. The ids are made anew: a
 * renamed policy, or one with its keys in another order, is another one to the device.
 * @throws `DEVICE_REGISTRATION_MISMATCH`
 */
export const checkRegistration = (
  registration: Registration,
  policy: WalletPolicy,
  fingerprint: Uint8Array,
): void => {
  const expected = policyId(policy);
  if (registration.policyId !== expected) {
    throw ledgerError(
      'DEVICE_REGISTRATION_MISMATCH',
      `The registration is not of the policy ${policy.name}.`,
      { expected, actual: registration.policyId },
    );
  }
  const id = ledgerPolicyId(ledgerPolicyOf(policy));
  if (!equalBytes(registration.ledgerPolicyId, id)) {
    throw ledgerError(
      'DEVICE_REGISTRATION_MISMATCH',
      `The registration has another id than the device knows the policy ${policy.name} by.`,
      { expected: formatHex(id), actual: formatHex(registration.ledgerPolicyId) },
    );
  }
  if (equalBytes(registration.fingerprint, fingerprint)) return;
  throw ledgerError(
    'DEVICE_REGISTRATION_MISMATCH',
    `The registration was made on the device ${formatHex(registration.fingerprint)}, and this is ${formatHex(fingerprint)}.`,
    { expected: formatHex(registration.fingerprint), actual: formatHex(fingerprint) },
  );
};

const parseJson = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw ledgerError('DEVICE_REGISTRATION_INVALID', `${what} is not JSON.`);
  }
};
