import { power } from '../numerics/powers.js';
import { atLeastZero, count, positive } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings } from '../settings/settings.js';
import { defineSchedule } from './schedule.js';

export default defineSchedule({
  name: 'polynomial',
  summary: 'finalRate + (rate - finalRate)(1 - step / steps)^power, then finalRate',
  settings: defineSettings({
    rate: atLeastZero(required, 'Rate of step 0'),
    steps: count(required, 'Steps until finalRate'),
    power: positive(1, 'Exponent; 1 is a straight line'),
    finalRate: atLeastZero(0, 'Rate from there on'),
  }),
  build: (settings) => (step) => {
    const left = Math.max(0, 1 - step / settings.steps);
    return settings.finalRate + (settings.rate - settings.finalRate) * power(left, settings.power);
  },
});
