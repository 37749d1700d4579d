import { power } from '../numerics/powers.js';
import { atLeastZero, positive } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings } from '../settings/settings.js';
import { defineSchedule } from './schedule.js';

export default defineSchedule({
  name: 'inverse-power',
  summary: 'rate / (step + offset)^exponent',
  settings: defineSettings({
    rate: atLeastZero(required, 'The numerator'),
    offset: positive(1, 'Added to the step'),
    exponent: atLeastZero(1, '0 is a constant rate, 1 falls as 1 / step'),
  }),
  build:
    ({ rate, offset, exponent }) =>
    (step) =>
      rate / power(step + offset, exponent),
});
