import { GradswarmError } from '../../errors.js';

/** Refuses fewer vectors than a rule's guarantee needs. Throws ERR_QUORUM: rule, what it needs, what was received. */
export function requireVectors(rule: string, count: number, least: number, why: string): void {
  if (count < least)
    throw new GradswarmError('ERR_QUORUM', `${rule}: expected at least ${least} vectors (${why}), got ${count}`);
}

/** 512 MiB in float64. */
const MOST_IN_PAIRS = 8192;

/** Refuses more vectors than a rule that keeps a number for each pair has memory for. Throws ERR_SCENARIO. */
export function requirePairs(count: number): void {
  if (count > MOST_IN_PAIRS)
    throw new GradswarmError(
      'ERR_SCENARIO',
      `expected at most ${MOST_IN_PAIRS} vectors, of which all pairs are compared, got ${count}; a rule without pairs, or bucketing before it, takes more`,
    );
}
