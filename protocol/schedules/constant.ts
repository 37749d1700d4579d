import { atLeastZero } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings } from '../settings/settings.js';
import { defineSchedule } from './schedule.js';

export default defineSchedule({
  name: 'constant',
  summary: 'rate',
  settings: defineSettings({ rate: atLeastZero(required, 'The rate of every step') }),
  build:
    ({ rate }) =>
    () =>
      rate,
});
