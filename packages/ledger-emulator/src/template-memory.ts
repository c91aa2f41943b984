import { formatUtf8 } from '@qoima/primitives';

/**
 * The place in which the app receives a template. It writes no end behind it: what an earlier and longer
 * template left there is shown with the next one, when policies are registered one after another. The
 * recordings of 2.4.6 have such screens. Other commands reuse the memory, and it counts as blank then.
 */
export interface TemplateMemory {
  write(template: Uint8Array): void;
  /** As much as the policy says, which may be more than was written. */
  text(length: number): string;
  /** What is shown: all up to the first zero byte. */
  shown(): string;
  clear(): void;
}

export const templateMemory = (size: number): TemplateMemory => {
  const bytes = new Uint8Array(size);
  return {
    write: (template) => {
      bytes.set(template);
    },
    text: (length) => formatUtf8(bytes.subarray(0, length)),
    shown: () => {
      const end = bytes.indexOf(0);
      return formatUtf8(bytes.subarray(0, end === -1 ? bytes.length : end));
    },
    clear: () => {
      bytes.fill(0);
    },
  };
};
