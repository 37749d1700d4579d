import { oneOf, positive } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings } from '../settings/settings.js';
import { defineSchedule, schedule, scheduleOf } from './schedule.js';

export default defineSchedule({
  name: 'batch-scaling',
  summary: '`of` times batchSize / referenceBatchSize, or times the square root of that',
  settings: defineSettings({
    rule: oneOf(['linear', 'square-root'], required, 'How the rate grows with the batch'),
    batchSize: positive(required, 'Examples of a batch'),
    referenceBatchSize: positive(required, 'Examples of the batch for which `of` is right'),
    of: schedule(required, 'The schedule that is scaled'),
  }),
  build(settings) {
    const of = scheduleOf(settings.of);
    const ratio = settings.batchSize / settings.referenceBatchSize;
    const factor = settings.rule === 'linear' ? ratio : Math.sqrt(ratio);
    return (step) => factor * of(step);
  },
});
