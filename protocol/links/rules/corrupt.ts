import { bodyBytes } from '../../wire/frame.js';
import { selectsFrames } from '../frame-filter.js';
import { type BuiltInFaultRule, PASS, type RuleMaker } from '../rule.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'corrupt' }>;

const MOST_BITS = 4294967296;

/** One bit of the body is flipped, every one with the same probability; the receiver's checksum refuses the frame. A frame without a body has nothing to flip. */
export const corrupt: RuleMaker<Settings> = (settings) => {
  const selects = selectsFrames(settings);
  return {
    judge(frame, layout, own) {
      if (!selects(frame, layout)) return PASS;
      const stream = own();
      if (stream.uniform() >= settings.probability) return PASS;
      const bits = 8 * bodyBytes(frame);
      return bits === 0 ? PASS : { do: 'corrupt', bit: stream.below(Math.min(bits, MOST_BITS)) };
    },
  };
};
