import { selectsFrames } from '../links/frame-filter.js';
import { milliseconds, probability } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { PASS } from './parts/acting-rule.js';
import { frameFilter } from './parts/filters.js';

const settings = defineSettings({
  ...frameFilter,
  probability: probability(1, 'For each frame, independently'),
  delayMs: milliseconds(required, "Added to the link's own time, in milliseconds"),
  jitterMs: milliseconds(0, 'Upper end of a uniform extra delay, drawn for each frame, in milliseconds'),
});
type Settings = SettingsOf<typeof settings>;

/** The frame arrives `delayMs` later, plus a uniform share of `jitterMs`. */
export function delay(given: Given<Settings, 'delayMs'>): Fault {
  return faultOf({ ...given, fault: 'delay' });
}

export default defineFault({
  name: 'delay',
  summary: 'Frames arrive later; delays of several rules add up',
  settings,
  create(rule) {
    const selects = selectsFrames(rule);
    return {
      judge(frame, layout, own) {
        if (!selects(frame, layout)) return PASS;
        const stream = own();
        if (stream.uniform() >= rule.probability) return PASS;
        return { do: 'delay', delayMs: rule.delayMs + rule.jitterMs * stream.uniform() };
      },
    };
  },
});
