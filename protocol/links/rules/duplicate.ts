import { selectsFrames } from '../frame-filter.js';
import { type BuiltInFaultRule, DUPLICATE, PASS, type RuleMaker } from '../rule.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'duplicate' }>;

/** A frame is sent twice; the second copy costs bytes and changes nothing. */
export const duplicate: RuleMaker<Settings> = (settings) => {
  const selects = selectsFrames(settings);
  return {
    judge: (frame, layout, own) =>
      selects(frame, layout) && own().uniform() < settings.probability ? DUPLICATE : PASS,
  };
};
