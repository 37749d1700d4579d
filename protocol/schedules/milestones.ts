import { integerPower } from '../numerics/powers.js';
import { atLeastZero, integer, list, number } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings } from '../settings/settings.js';
import { defineSchedule } from './schedule.js';

export default defineSchedule({
  name: 'milestones',
  summary: 'rate divided by `divisor` at each of the listed steps',
  settings: defineSettings({
    rate: atLeastZero(required, 'Rate before the first of them'),
    divisor: number(required, 'What each of them divides the rate by', { least: 1 }),
    steps: list(integer(required, 'A step', { least: 0 }), required, 'The steps'),
  }),
  build:
    ({ rate, divisor, steps }) =>
    (step) =>
      rate / integerPower(divisor, steps.filter((milestone) => milestone <= step).length),
});
