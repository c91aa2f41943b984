export { listAddresses, nextAddress, type PolicyAddress } from './addresses.ts';
export { type Broadcast, broadcastProposal } from './broadcast.ts';
export { type CoinList, type ListedCoin, listCoins, watchPolicy } from './coins.ts';
export { type Coordinator, openCoordinator } from './coordinator.ts';
export { createPolicy, type PolicyRequest } from './create-policy.ts';
export { coordinatorErrors } from './errors.ts';
export { type Finalized, finalizeProposal } from './finalize.ts';
export { type Payment, parsePayment } from './payment.ts';
export { coordinatorProgram } from './program.ts';
export type { Proposal } from './proposal.ts';
export { type Proposed, proposeSpend, type SpendRequest } from './propose.ts';
export { type ProposalStatus, proposalStatus } from './status.ts';
export { type RefusedReturn, type ReturnedPsbt, type Taken, takeReturned } from './take.ts';
export {
  type ReleasedCoins,
  type Remains,
  type WithdrawnProposal,
  withdrawProposal,
} from './withdraw.ts';
