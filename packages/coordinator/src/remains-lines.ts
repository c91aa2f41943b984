import type { JsonValue } from '@qoima/primitives';
import type { Remains } from './withdraw.ts';

/** What a withdrawn proposal may still do, and what ends it. */
export const remainsLines = ({ complete, rivals }: Remains): readonly string[] => {
  const dead = rivals.find(({ state }) => state === 'confirmed');
  if (dead !== undefined) {
    return [`It can never be sent: proposal ${dead.id.slice(0, 8)} has spent its coins.`];
  }
  const danger = complete
    ? 'Warning: enough cosigners have signed it. Whoever holds their signatures can still send it.'
    : 'It can still be sent by others once enough cosigners have signed a copy of it.';
  const cure =
    rivals.length === 0
      ? 'Only spending one of its coins ends that: propose another spend of them.'
      : `Only spending one of its coins ends that: proposal ${rivals.map(({ id }) => id.slice(0, 8)).join(', ')} would.`;
  return [danger, cure];
};

export const remainsJson = ({
  complete,
  rivals,
}: Remains): { readonly [key: string]: JsonValue } => ({
  complete,
  rivals: rivals.map(({ id, state }) => ({ proposal: id, state })),
});
