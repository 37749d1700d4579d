import { integerPower } from '../numerics/powers.js';
import { atLeastZero, count, number } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings } from '../settings/settings.js';
import { defineSchedule } from './schedule.js';

export default defineSchedule({
  name: 'step-decay',
  summary: 'rate divided by `divisor` after every `stageSteps` steps',
  settings: defineSettings({
    rate: atLeastZero(required, 'Rate of the first stage'),
    divisor: number(required, 'What a stage divides the rate by', { least: 1 }),
    stageSteps: count(required, 'Steps of a stage'),
  }),
  build:
    ({ rate, divisor, stageSteps }) =>
    (step) =>
      rate / integerPower(divisor, Math.floor(step / stageSteps)),
});
