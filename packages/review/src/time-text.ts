/** BIP-68: a length of time counts in steps of 512 seconds. */
const TIME_STEP_SECONDS = 512;
const BLOCK_SECONDS = 600;

/** BIP-68's length of a relative lock time, in steps of time or in blocks, as a person thinks of it. */
export const ageText = (length: number, isTime: boolean): string =>
  isTime
    ? durationText(length * TIME_STEP_SECONDS)
    : `${length} blocks (about ${durationText(length * BLOCK_SECONDS)})`;

const durationText = (seconds: number): string => {
  const minutes = Math.ceil(seconds / 60);
  const parts = [
    [Math.floor(minutes / 1440), 'd'],
    [Math.floor((minutes % 1440) / 60), 'h'],
    [minutes % 60, 'min'],
  ] as const;
  const shown = parts.filter(([count]) => count > 0).slice(0, 2);
  return shown.map(([count, unit]) => `${count} ${unit}`).join(' ');
};
