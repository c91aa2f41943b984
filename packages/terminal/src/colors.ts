import picocolors from 'picocolors';

/** A few ways to make text stand out; each gives its text back unchanged when colours are off. */
export interface Colors {
  readonly enabled: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** What of a stream decides about colours. */
export interface ColorStream {
  readonly isTTY?: boolean | undefined;
}

/** Colours for a stream: only on a terminal, and not when `NO_COLOR` is set or `TERM` is `dumb`. */
export const colorsFor = (
  stream: ColorStream,
  env: Readonly<Record<string, string | undefined>>,
): Colors => {
  const refused = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const enabled = stream.isTTY === true && !refused;
  const { bold, dim, red, green, yellow, cyan } = picocolors.createColors(enabled);
  return { enabled, bold, dim, red, green, yellow, cyan };
};
