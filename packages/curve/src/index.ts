export {
  compressPoint,
  curveInUse,
  isPublicKey,
  pointOf,
  publicKeyTweaker,
  tweakPublicKey,
  verifyEcdsa,
} from './public.ts';
export type { PublicKeyTweaker } from './public-curve.ts';
export type { EcdsaCheck } from './shared-checks.ts';
export { type VerifyOptions, verifyEcdsaMany } from './verify-many.ts';
