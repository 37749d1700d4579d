import { selectsFrames } from '../links/frame-filter.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { frameFilter } from './parts/filters.js';
import { noiseSettings, noisy } from './parts/noise.js';

const settings = defineSettings({ ...frameFilter, ...noiseSettings });
type Settings = SettingsOf<typeof settings>;

/** Noise on every number that arrives, drawn for each link after decoding. */
export function channelNoise(given: Given<Settings, 'stddev'>): Fault {
  return faultOf({ ...given, fault: 'channel-noise' });
}

export default defineFault({
  name: 'channel-noise',
  summary: 'Noise on every number that arrives, after decoding, independent for each directed link, step and field',
  settings,
  create(rule) {
    const selects = selectsFrames(rule);
    return { onReceive: (value, frame, layout, own) => (selects(frame, layout) ? noisy(value, rule, own()) : null) };
  },
});
