/** Blocks: deep enough that nobody expects a reorganisation to undo it. */
export const DEFAULT_DEPTH = 6;
