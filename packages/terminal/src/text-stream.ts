/** The part of a writable stream that programs write to; `process.stdout` is one. */
export interface TextStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string, written?: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** A stream that may lose its reader without ending the program. */
export interface TextSink {
  write(text: string): void;
  /** Waits until all is written; the error that stopped it, if one did. */
  flush(): Promise<Error | undefined>;
}

/**
 * Writes to `stream` until it fails, and then no more. A reader that has gone (`EPIPE`, as after
 * `| head`) is no error: the command still finishes its work, which may be half done.
 */
export const textSink = (stream: TextStream): TextSink => {
  let gone = false;
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    gone = true;
    if (!('code' in error && error.code === 'EPIPE')) failure ??= error;
  };
  stream.on('error', fail);
  return {
    write: (text) => {
      if (!gone) stream.write(text);
    },
    flush: () =>
      new Promise((resolve) => {
        if (gone) {
          resolve(failure);
          return;
        }
        stream.write('', (error) => {
          if (error instanceof Error) fail(error);
          resolve(failure);
        });
      }),
  };
};
