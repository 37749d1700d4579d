import type { PartyId } from '../method.js';
import type { Frame } from '../wire/frame.js';

export const COORDINATOR_ONLY: readonly PartyId[] = ['coordinator'];
/** Of a frame to a possible receiver that is not meant. */
export const NO_MESSAGES: Frame['messages'] = [];

export function sameList(a: readonly PartyId[], b: readonly PartyId[]): boolean {
  return a.length === b.length && a.every((party, i) => party === b[i]);
}
