export {
  isPublicKey,
  type PublicKeyTweaker,
  publicKeyTweaker,
  tweakPublicKey,
  verifyEcdsa,
} from './public.ts';
