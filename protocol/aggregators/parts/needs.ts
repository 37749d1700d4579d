import { GradswarmError } from '../../errors.js';

/** Refuses fewer vectors than a rule's guarantee needs. Throws ERR_QUORUM: rule, what it needs, what was received. */
export function requireVectors(rule: string, count: number, least: number, why: string): void {
  if (count < least)
    throw new GradswarmError('ERR_QUORUM', `${rule}: expected at least ${least} vectors (${why}), got ${count}`);
}
