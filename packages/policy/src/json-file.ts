import { hasRepeatedMember } from '@qoima/primitives';
import * as v from 'valibot';
import { policyError } from './errors.ts';

/** Far above any policy of 15 keys. */
const MAX_TEXT_LENGTH = 65_536;

/**
 * Parses JSON text by a schema; what the schema does not name is refused, and a member that comes twice.
 * @throws `POLICY_FILE_INVALID`, saying at which member
 */
export const parseJsonFile = <const Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
  what: string,
): v.InferOutput<Schema> => {
  if (text.length > MAX_TEXT_LENGTH) {
    throw policyError('POLICY_FILE_INVALID', `${what} is too long.`, {
      expected: MAX_TEXT_LENGTH,
      actual: text.length,
    });
  }
  const parsed = parseJson(text, what);
  const result = v.safeParse(schema, parsed);
  if (!result.success) {
    const [issue] = result.issues;
    const member = v.getDotPath(issue) ?? 'its top level';
    const wanted = issue.expected ?? issue.kind;
    const expected = wanted === 'never' ? 'no such member' : wanted;
    throw policyError(
      'POLICY_FILE_INVALID',
      `${what} is wrong at ${member}: ${expected} is expected there.`,
      { member, expected },
    );
  }
  if (hasRepeatedMember(text, parsed)) {
    throw policyError('POLICY_FILE_INVALID', `${what} has a member twice.`);
  }
  return result.output;
};

const parseJson = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw policyError('POLICY_FILE_INVALID', `${what} is not JSON.`);
  }
};
