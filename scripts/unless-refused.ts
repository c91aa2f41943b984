import { isQoimaError } from '@qoima/primitives';

/** The result, or undefined if the call refuses with a typed error; any other error goes on. */
export const unlessRefused = <T>(call: () => T): T | undefined => {
  try {
    return call();
  } catch (error) {
    if (isQoimaError(error)) return undefined;
    throw error;
  }
};
