import { isQoimaError } from '@qoima/primitives';

/**
 * What is read of another proposal than the one at hand: undefined if its files are damaged, which must
 * not stop what is done here. A defect is thrown on.
 */
export const ifSound = <Result>(read: () => Result): Result | undefined => {
  try {
    return read();
  } catch (error) {
    if (isQoimaError(error)) return undefined;
    throw error;
  }
};
