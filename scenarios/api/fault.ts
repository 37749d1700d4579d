/** Faults and attacks of one's own: what happens to frames, vectors, clients and their devices. */

export { type Attack, type AttackerSight, type AttackFamily, defineAttack } from '../../protocol/attacks/attack.js';
export { defineFault, type FaultFamily, type RuleTimes } from '../../protocol/faults/fault.js';
export {
  type ActingRule,
  DROP,
  DUPLICATE,
  PASS,
  type Post,
  type RuleSurroundings,
  type Verdict,
} from '../../protocol/faults/parts/acting-rule.js';
export { frameFilter, postFilter } from '../../protocol/faults/parts/filters.js';
export { actsIn, selectsClient, selectsFrames, selectsPosts } from '../../protocol/links/frame-filter.js';
export { clients, messageKind, parties } from '../../protocol/scenario/selectors.js';
export * from './settings.js';
export * from './vectors.js';
