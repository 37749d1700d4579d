import type { Schedule } from '../../protocol/schedules/schedule.js';
import { type Claim, claim, ensure, ensureEqual } from './claim.js';

const STEPS = [0, 1, 2, 3, 5, 9, 10, 11, 99, 100, 1000, 100_000];

/** The contract of a schedule, of any step size over rounds: a function of the step alone. */
export function scheduleClaims(open: () => Schedule): readonly Claim[] {
  return [
    claim('gives a finite number of at least 0 at every step', () => {
      const rateAt = open();
      for (const step of STEPS) {
        const rate = rateAt(step);
        ensure(rate >= 0 && rate < Infinity, `step ${step}: expected a finite number of at least 0, got ${rate}`);
      }
    }),
    claim('gives the same at the same step, in whatever order steps come', () => {
      const [one, other] = [open(), open()];
      const forward = STEPS.map((step) => one(step));
      const backward = [...STEPS].reverse().map((step) => one(step));
      ensureEqual(backward.reverse(), forward, 'rates of the same steps, asked for from the last to the first');
      ensureEqual(
        STEPS.map((step) => other(step)),
        forward,
        'rates of another instance',
      );
    }),
  ];
}
