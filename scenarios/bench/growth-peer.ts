import { GROWTH_SUBJECTS } from './growth-subjects.js';
import { prepareRun, timedRun } from './timed-run.js';

/**
 * One run of the growth benchmark in a process of its own, whose peak of memory is that run's: `growth-peer QUANTITY SIZE`
 * writes a GrowthPoint as JSON.
 */
export interface GrowthPoint {
  /** Processor time of the run with its preparation, all threads. */
  readonly ms: number;
  /** Peak of resident memory, less what was resident before the scenario was read. */
  readonly megabytes: number;
}

const [quantity, size] = process.argv.slice(2);
const subject = GROWTH_SUBJECTS.find((each) => each.quantity === quantity)!;
const { signal } = new AbortController();
// A small run loads the modules, so that the measured one is left with what grows.
const smallest = GROWTH_SUBJECTS.find((each) => each.quantity === 'rounds')!.scenario(2);
await timedRun(await prepareRun(smallest), signal);
const before = { cpu: process.cpuUsage(), rss: process.resourceUsage().maxRSS };
await timedRun(await prepareRun(subject.scenario(Number(size))), signal);
const { user, system } = process.cpuUsage(before.cpu);
const point: GrowthPoint = {
  ms: (user + system) / 1000,
  megabytes: (process.resourceUsage().maxRSS - before.rss) / 1024,
};
process.stdout.write(JSON.stringify(point));
