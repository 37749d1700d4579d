import { selectsPosts } from '../links/frame-filter.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { postFilter } from './parts/filters.js';
import { noiseSettings, noisy } from './parts/noise.js';

const settings = defineSettings({ ...postFilter, ...noiseSettings });
type Settings = SettingsOf<typeof settings>;

/** Noise that the sender adds before encoding, the same for all receivers of a post. The privacy ledger does not count it. */
export function broadcastNoise(given: Given<Settings, 'stddev'>): Fault {
  return faultOf({ ...given, fault: 'broadcast-noise' });
}

/** The sender too holds the noisy vector. Only `at.privacy.gaussian` makes a release that the privacy ledger counts. */
export default defineFault({
  name: 'broadcast-noise',
  summary: 'Noise that the sender adds before encoding, the same for all receivers of a post; not counted as privacy',
  settings,
  create(rule) {
    const selects = selectsPosts(rule);
    return { onSend: (value, post, own) => (selects(post) ? noisy(value, rule, own()) : null) };
  },
});
