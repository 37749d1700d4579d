import { selectsFrames } from '../links/frame-filter.js';
import { probability } from '../settings/kinds.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { DUPLICATE, PASS } from './parts/acting-rule.js';
import { frameFilter } from './parts/filters.js';

const settings = defineSettings({ ...frameFilter, probability: probability(1, 'For each frame, independently') });
type Settings = SettingsOf<typeof settings>;

/** The frame arrives twice. */
export function duplicate(given: Given<Settings, 'probability'>): Fault {
  return faultOf({ ...given, fault: 'duplicate' });
}

export default defineFault({
  name: 'duplicate',
  summary: 'Frames are sent twice; the second copy costs bytes and changes nothing',
  settings,
  create(rule) {
    const selects = selectsFrames(rule);
    return {
      judge: (frame, layout, own) => (selects(frame, layout) && own().uniform() < rule.probability ? DUPLICATE : PASS),
    };
  },
});
