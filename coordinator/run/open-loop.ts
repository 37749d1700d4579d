import { RunLoop } from './run-loop.js';
import type { RunLoopOptions } from './run-loop-options.js';
import { TaskLoop } from './task-loop.js';

/** The loop of the method's schedule. */
export function openLoop(options: RunLoopOptions): Pick<RunLoop, 'restore' | 'restoreLedger' | 'run'> {
  return options.site.host.method.schedule === 'tasks' ? new TaskLoop(options) : new RunLoop(options);
}
