import { formatUtf8, hasRepeatedMember } from '@qoima/primitives';
import * as v from 'valibot';
import { coordinatorError } from './errors.ts';

/**
 * Reads a JSON file that this program wrote, by its schema; `format` and `path` name it in errors. What the
 * schema does not name is refused, and a member that comes twice.
 * @throws `COORDINATOR_FILE_INVALID`
 */
export const parseOwnFile = <const Schema extends v.GenericSchema>(
  schema: Schema,
  bytes: Uint8Array,
  format: string,
  path: string,
): v.InferOutput<Schema> => {
  const refuse = (problem: string): Error =>
    coordinatorError('COORDINATOR_FILE_INVALID', `${path} is not a ${format} file.`, {
      path,
      problem,
    });
  const text = formatUtf8(bytes);
  const value = v.safeParse(v.pipe(v.string(), v.parseJson()), text);
  if (!value.success) throw refuse('it is not JSON');
  const parsed = v.safeParse(schema, value.output);
  if (!parsed.success) throw refuse(parsed.issues[0].message);
  if (hasRepeatedMember(text, value.output)) throw refuse('a member is there twice');
  return parsed.output;
};
