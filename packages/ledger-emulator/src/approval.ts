import type { Review } from './review.ts';

/** The person at the device: what they do in each review of a command. */
export type Approval =
  | 'approve'
  /** At the first decision of the command. */
  | 'reject'
  /**
   * At the first decision at or after the n-th screen of the command, counted from 1: a device lets nobody
   * turn back in the middle of a page.
   */
  | { readonly rejectAtScreen: number }
  /** Asked at every decision with the screens that were just gone through, the last one approving. */
  | ((screens: readonly string[]) => Decision | Promise<Decision>);

/** What the person at the device does with a review. */
export type Decision = 'approve' | 'reject';

/** `before` is how many screens of the command were shown before this review. */
export const decide = async (
  approval: Approval,
  { screens, refused }: Review,
  before: number,
): Promise<boolean> => {
  if (refused === undefined || approval === 'approve') return true;
  if (approval === 'reject') return false;
  if (typeof approval === 'function') return (await approval(screens)) === 'approve';
  return before + screens.length < approval.rejectAtScreen;
};
