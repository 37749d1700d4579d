import { atLeastZero, count } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings } from '../settings/settings.js';
import { defineSchedule, schedule, scheduleOf } from './schedule.js';

export default defineSchedule({
  name: 'warm-up',
  summary: 'from startRate linearly to the first rate of `after` in `steps` steps; then `after` from its step 0',
  settings: defineSettings({
    steps: count(required, 'Steps of the rise'),
    startRate: atLeastZero(0, 'Rate of step 0'),
    after: schedule(required, 'The schedule that follows'),
  }),
  build({ steps, startRate, after: spec }) {
    const after = scheduleOf(spec);
    const target = after(0);
    return (step) => (step < steps ? startRate + (target - startRate) * (step / steps) : after(step - steps));
  },
});
