/** How a device shows things: a Nano line by line with two buttons, the others on a touch screen. */
export type DeviceFamily = 'nano' | 'touch' | 'unknown';

/** Products as USB names them, `Ledger ` left out. */
const FAMILIES: readonly (readonly [RegExp, DeviceFamily])[] = [
  [/^nano (?:s|sp|s plus|x)$/, 'nano'],
  [/^(?:stax|flex|europa|apex|nano gen5)/, 'touch'],
];

/** The family of a product name, as far as it is known. */
export const deviceFamily = (model: string | undefined): DeviceFamily => {
  const name = (model ?? '')
    .trim()
    .toLowerCase()
    .replace(/^ledger /, '');
  return FAMILIES.find(([pattern]) => pattern.test(name))?.[1] ?? 'unknown';
};

/** The Nano X shows up to 8 payments in one review, the others 16; more are shown one by one. */
export const paymentsInOneReview = (model: string | undefined): number =>
  /nano x$/i.test(model?.trim() ?? '') ? 8 : 16;
