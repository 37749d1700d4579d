import { selectsPosts } from '../frame-filter.js';
import { noisy } from '../noise.js';
import type { BuiltInFaultRule, RuleMaker } from '../rule.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'broadcast-noise' }>;

/**
 * Noise that the sender adds before encoding: all receivers of one post, the sender included, hold the same noisy vector. It is
 * inexact communication for study; only `at.privacy.gaussian` makes a release that the privacy ledger counts.
 */
export const broadcastNoise: RuleMaker<Settings> = (settings) => {
  const selects = selectsPosts(settings);
  return { onSend: (value, post, own) => (selects(post) ? noisy(value, settings, own()) : null) };
};
