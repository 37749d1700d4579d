/** Optimizers and schedules of one's own. */

export {
  type ClusterGradient,
  defineOptimizer,
  type Evidence,
  type Optimizer,
  type OptimizerFamily,
} from '../../protocol/optimizers/optimizer.js';
export {
  defineSchedule,
  type Schedule,
  type ScheduleFamily,
  type ScheduleSpec,
  schedule,
  scheduleOf,
} from '../../protocol/schedules/schedule.js';
export * from './settings.js';
export * from './vectors.js';
