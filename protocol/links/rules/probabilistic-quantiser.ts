import { selectsFrames, selectsPosts } from '../frame-filter.js';
import { quantised } from '../noise.js';
import type { BuiltInFaultRule, RuleMaker } from '../rule.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'probabilistic-quantiser' }>;

/**
 * Numbers are rounded to multiples of `step` at random, without bias. `per: 'post'`: by the sender before encoding, so that all
 * receivers hold the same. `per: 'link'`: for each receiver on its own, after decoding.
 */
export const probabilisticQuantiser: RuleMaker<Settings> = (settings) => {
  if (settings.per === 'post') {
    const selects = selectsPosts(settings);
    return { onSend: (value, post, own) => (selects(post) ? quantised(value, settings.step, own()) : null) };
  }
  const selects = selectsFrames(settings);
  return {
    onReceive: (value, frame, layout, own) => (selects(frame, layout) ? quantised(value, settings.step, own()) : null),
  };
};
