/** Unix seconds as a person reads them: `2026-01-31 12:00 UTC`. */
export const formatDate = (seconds: number): string => {
  const iso = new Date(seconds * 1000).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
};
