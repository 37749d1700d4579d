import { defineExpectation, defineSettings, positive } from 'gradswarm/expectation';

/** From one evaluated round to the next the held-out loss never grows by more than the factor. */
export default defineExpectation({
  name: 'never-jumps',
  summary: 'the loss never grows by more than a factor from one round to the next',
  settings: defineSettings({ factor: positive(2, 'Largest ratio of a loss to the one before') }),
  judge(records, { factor }) {
    let largest = 0;
    for (const { rows } of records) {
      const losses = rows.flatMap(({ loss }) => (loss === null ? [] : [loss]));
      for (let i = 1; i < losses.length; i++) largest = Math.max(largest, losses[i]! / losses[i - 1]!);
    }
    if (largest === 0) return { holds: 'unknown', observed: null, detail: 'fewer than two rounds were evaluated' };
    const detail = `the largest ratio of a loss to the one before is ${largest.toPrecision(4)}, expected at most ${factor}`;
    return { holds: largest <= factor, observed: largest, detail };
  },
});
