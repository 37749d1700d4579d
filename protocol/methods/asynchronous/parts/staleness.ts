import { exp, log } from '../../../numerics/elementary.js';
import { atLeastZero, oneOf } from '../../../settings/kinds.js';

export const stalenessSettings = {
  staleness: oneOf(['constant', 'polynomial', 'hinge'], 'polynomial', 'Weight s of an answer by its age'),
  stalenessExponent: atLeastZero(0.5, "a: 'polynomial' is (1 + age)^-a; 'hinge' is 1 / (1 + a (age - b)) beyond b"),
  stalenessThreshold: atLeastZero(4, "b of 'hinge': server steps up to which an answer counts whole"),
};

export interface Staleness {
  readonly staleness: string;
  readonly stalenessExponent: number;
  readonly stalenessThreshold: number;
}

/** s(age) in (0, 1]; `age`: server steps. FedAsync, section 5.2; reconstructed, not checked against the paper. */
export function stalenessWeight(
  age: number,
  { staleness, stalenessExponent: a, stalenessThreshold: b }: Staleness,
): number {
  if (age === 0 || staleness === 'constant') return 1;
  if (staleness === 'hinge') return age <= b ? 1 : 1 / (1 + a * (age - b));
  return a === 0.5 ? 1 / Math.sqrt(1 + age) : exp(-a * log(1 + age));
}
