export {
  curveInUse,
  isPublicKey,
  publicKeyTweaker,
  tweakPublicKey,
  verifyEcdsa,
} from './public.ts';
export type { PublicKeyTweaker } from './public-curve.ts';
