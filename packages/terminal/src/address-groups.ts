import { printable } from './printable.ts';

/** An address in groups of four, as people read it aloud and compare it. Not for copying. */
export const groupAddress = (address: string): string =>
  printable(address)
    .match(/.{1,4}/gu)
    ?.join(' ') ?? '';
