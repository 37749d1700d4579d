import { selectsPosts } from '../links/frame-filter.js';
import { scale as times } from '../numerics/vector.js';
import { number } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { postFilter } from './parts/filters.js';

const settings = defineSettings({
  ...postFilter,
  factor: number(required, 'On every vector of the messages; -1: the opposite'),
});
type Settings = SettingsOf<typeof settings>;

/**
 * Senders multiply what they send before it is encoded, so that codecs and their memories meet the larger vector; any party may.
 * The attack `scaling` of the fault `byzantine` does it to decoded vectors, beside other attacks and robust rules.
 */
export function scale(given: Given<Settings, 'factor'>): Fault {
  return faultOf({ ...given, fault: 'scale' });
}

export default defineFault({
  name: 'scale',
  summary:
    'Senders multiply every vector before it is encoded; the attack `scaling` does so after decoding, past codecs and their memories',
  settings,
  create(rule) {
    const selects = selectsPosts(rule);
    return { onSend: (value, post) => (selects(post) ? times(rule.factor, value) : null) };
  },
});
