import { selectsFrames } from '../links/frame-filter.js';
import { probability } from '../settings/kinds.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { DROP, PASS } from './parts/acting-rule.js';
import { frameFilter } from './parts/filters.js';

const settings = defineSettings({ ...frameFilter, probability: probability(1, 'For each frame, independently') });
type Settings = SettingsOf<typeof settings>;

/** The frame is lost; of a kind with `losable: 'no'` it is sent again, which makes it late. */
export function drop(given: Given<Settings, 'probability'>): Fault {
  return faultOf({ ...given, fault: 'drop' });
}

export default defineFault({
  name: 'drop',
  summary: 'Frames are lost; those of a kind that may not be lost are sent again and late',
  settings,
  losesMessages: true,
  create(rule) {
    const selects = selectsFrames(rule);
    return {
      judge: (frame, layout, own) => (selects(frame, layout) && own().uniform() < rule.probability ? DROP : PASS),
    };
  },
});
