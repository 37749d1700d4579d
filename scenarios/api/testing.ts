/**
 * The contract suites of the built-in methods, codecs, optimizers, objectives, data sets and partitions, for one's own: claims with
 * a title and a function that rejects, so that mocha, vitest and node:test can run them.
 */

export { type CheckedClaim, type CheckedThing, checkModule, moduleClaims } from '../check/check-module.js';
export { type Claim, ClaimError } from '../check/claim.js';
export { claimsOf } from '../check/claims-of.js';
export type { ContractNeeds } from '../check/contract-needs.js';
