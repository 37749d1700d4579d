import { selectsFrames } from '../frame-filter.js';
import { type BuiltInFaultRule, PASS, type RuleMaker } from '../rule.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'delay' }>;

/** `delayMs` and a uniform share of `jitterMs` on top of the link's own time. Delays of several rules add up. */
export const delay: RuleMaker<Settings> = (settings) => {
  const selects = selectsFrames(settings);
  return {
    judge(frame, layout, own) {
      if (!selects(frame, layout)) return PASS;
      const stream = own();
      if (stream.uniform() >= settings.probability) return PASS;
      return { do: 'delay', delayMs: settings.delayMs + settings.jitterMs * stream.uniform() };
    },
  };
};
