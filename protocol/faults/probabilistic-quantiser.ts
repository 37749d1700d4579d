import { selectsFrames, selectsPosts } from '../links/frame-filter.js';
import { oneOf, positive } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { frameFilter } from './parts/filters.js';
import { quantised } from './parts/noise.js';

const settings = defineSettings({
  ...frameFilter,
  step: positive(required, 'Numbers become multiples of it'),
  per: oneOf(
    ['post', 'link'],
    'post',
    "'post': by the sender before encoding, the same for all receivers; 'link': for each receiver after decoding",
  ),
}).and(({ per, receivers }) =>
  per === 'link' || receivers === 'all'
    ? null
    : { at: 'receivers', expected: "'all', since with per: 'post' all receivers hold the same" },
);
type Settings = SettingsOf<typeof settings>;

/** Numbers are rounded at random, without bias, to multiples of `step`. */
export function probabilisticQuantiser(given: Given<Settings, 'step'>): Fault {
  return faultOf({ ...given, fault: 'probabilistic-quantiser' });
}

export default defineFault({
  name: 'probabilistic-quantiser',
  summary: 'Numbers are rounded at random, without bias, to multiples of a step',
  settings,
  create(rule) {
    if (rule.per === 'post') {
      const selects = selectsPosts(rule);
      return { onSend: (value, post, own) => (selects(post) ? quantised(value, rule.step, own()) : null) };
    }
    const selects = selectsFrames(rule);
    return {
      onReceive: (value, frame, layout, own) => (selects(frame, layout) ? quantised(value, rule.step, own()) : null),
    };
  },
});
