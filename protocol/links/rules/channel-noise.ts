import { selectsFrames } from '../frame-filter.js';
import { noisy } from '../noise.js';
import type { BuiltInFaultRule, RuleMaker } from '../rule.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'channel-noise' }>;

/** Noise on every number that arrives, after decoding, independent for each directed link, step and field. */
export const channelNoise: RuleMaker<Settings> = (settings) => {
  const selects = selectsFrames(settings);
  return { onReceive: (value, frame, layout, own) => (selects(frame, layout) ? noisy(value, settings, own()) : null) };
};
