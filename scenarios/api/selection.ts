/** Selections of one's own: who is in a round. */

export type { ClientIndex, Rng } from '../../protocol/method.js';
export { drawByWeight } from '../../protocol/selection/parts/weighted-draw.js';
export {
  type Chosen,
  defineSelection,
  type Report,
  type Reported,
  type RoundOutcome,
  type Selection,
  type SelectionFamily,
  type SelectionRound,
  type SelectionRun,
} from '../../protocol/selection/selection.js';
export * from './settings.js';
