export { isPublicKey, tweakPublicKey, verifyEcdsa } from './public.ts';
