import { selectsFrames } from '../frame-filter.js';
import { type BuiltInFaultRule, DROP, PASS, type RuleMaker } from '../rule.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'drop' }>;

/** Every frame is lost with the same probability, independently of all others. */
export const drop: RuleMaker<Settings> = (settings) => {
  const selects = selectsFrames(settings);
  return {
    judge: (frame, layout, own) => (selects(frame, layout) && own().uniform() < settings.probability ? DROP : PASS),
  };
};
