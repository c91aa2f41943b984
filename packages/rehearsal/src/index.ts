export { findBitcoind, startBitcoind } from './bitcoind.ts';
export { type CeremonyEnd, type CeremonyRequest, rehearse } from './ceremony.ts';
export { rehearsalErrors } from './errors.ts';
export { rehearsalProgram } from './program.ts';
export { startRegtestNode } from './regtest/regtest-node.ts';
export type { RunningNode } from './running-node.ts';
