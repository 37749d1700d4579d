/** Methods and samplers of one's own. `gradswarm check ./my-method.ts` holds them to the contract of the built-in ones. */

export type { Forecast, RunOutlook } from '../../protocol/forecast.js';
export { type ClientMeeting, defineMeetings } from '../../protocol/meetings.js';
export * from '../../protocol/method.js';
export { mix } from '../../protocol/methods/gossip/parts/mix.js';
export { gradientOn, gradientSettings, minibatch } from '../../protocol/methods/parts/minibatch.js';
export { WeightedMean } from '../../protocol/methods/parts/weighted-mean.js';
export { loadOptimizer, type OptimizerSpec, optimizer } from '../../protocol/optimizers/load-optimizer.js';
export { type Schedule, type ScheduleSpec, schedule, scheduleOf } from '../../protocol/schedules/schedule.js';
export { type Arrival, type CoordinatorStep, defineTasks } from '../../protocol/tasks.js';
export * from './settings.js';
export * from './vectors.js';
