import { cosineOfTurns } from '../numerics/elementary.js';
import { atLeastZero, count } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings } from '../settings/settings.js';
import { defineSchedule } from './schedule.js';

export default defineSchedule({
  name: 'cosine',
  summary: 'from rate to finalRate along half a cosine in `steps` steps, then finalRate',
  settings: defineSettings({
    rate: atLeastZero(required, 'Rate of step 0'),
    steps: count(required, 'Steps until finalRate'),
    finalRate: atLeastZero(0, 'Rate from there on'),
  }),
  build:
    ({ rate, steps, finalRate }) =>
    (step) =>
      finalRate + (rate - finalRate) * 0.5 * (1 + cosineOfTurns(0.5 * Math.min(1, step / steps))),
});
