/** An id or digest as a person copies it from a sheet: in groups, and perhaps in capitals. */
export const copiedId = (text: string): string => text.replaceAll(/\s+/g, '').toLowerCase();
