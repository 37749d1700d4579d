import { selectsFrames } from '../links/frame-filter.js';
import { probability } from '../settings/kinds.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { bodyBytes } from '../wire/frame.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { PASS } from './parts/acting-rule.js';
import { frameFilter } from './parts/filters.js';

const settings = defineSettings({ ...frameFilter, probability: probability(1, 'For each frame, independently') });
type Settings = SettingsOf<typeof settings>;

const MOST_BITS = 4294967296;

/** One bit of the frame is flipped. */
export function corrupt(given: Given<Settings, 'probability'>): Fault {
  return faultOf({ ...given, fault: 'corrupt' });
}

/** Every bit of the body has the same probability. A frame without a body has nothing to flip. */
export default defineFault({
  name: 'corrupt',
  summary: "One bit of a frame's body is flipped, and the receiver's checksum refuses the frame",
  settings,
  losesMessages: true,
  create(rule) {
    const selects = selectsFrames(rule);
    return {
      judge(frame, layout, own) {
        if (!selects(frame, layout)) return PASS;
        const stream = own();
        if (stream.uniform() >= rule.probability) return PASS;
        const bits = 8 * bodyBytes(frame);
        return bits === 0 ? PASS : { do: 'corrupt', bit: stream.below(Math.min(bits, MOST_BITS)) };
      },
    };
  },
});
