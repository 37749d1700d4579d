import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import { optimizers } from '../../../protocol/optimizers/load-optimizer.js';
import type { Evidence } from '../../../protocol/optimizers/optimizer.js';

const SEGMENTS = [
  { name: 'a/weights', module: 'a', offset: 0, shape: [2, 3] },
  { name: 'a/bias', module: 'a', offset: 6, shape: [3] },
];
const stream = rootStream(8, 'float64');
const draw = (name: string) => Float64Array.from(stream.derive(name).normal(9));
const [start, first, second] = [draw('start'), draw('first'), draw('second')];

/** 0.04 at step 0, 0.02 at step 1, 0.01 from step 2 on. */
const HALVED = { name: 'milestones', rate: 0.04, divisor: 2, steps: [1, 2] };

/** Where the next gradient is taken depends on the rate after this one. */
const LOOKS_AHEAD = ['clipped-sstm'];

describe('rates of optimizers', () => {
  const scheduled = optimizers.names().filter((name) => {
    const { defaults } = optimizers.get(name).settings;
    return 'learningRate' in defaults && !LOOKS_AHEAD.includes(name);
  });

  for (const name of scheduled)
    it(`${name}: the first update has the schedule’s rate at step 0, the second that at step 1, bit for bit`, () => {
      const family = optimizers.get(name);
      const ruleOf = (learningRate: unknown) =>
        family.create(family.settings.parse('optimizer', { learningRate }), SEGMENTS);
      const [halved, whole, half] = [ruleOf(HALVED), ruleOf(0.04), ruleOf(0.02)];
      const evidence: Evidence = { gradientAtPrevious: first, independentGradient: second, cluster: 0 };
      const [one, state] = halved.update(first, halved.init(9), start, evidence);
      expect(one).to.deep.equal(whole.update(first, whole.init(9), start, evidence)[0]);
      const [two] = halved.update(second, state, one, evidence);
      expect(two).to.deep.equal(half.update(second, state, one, evidence)[0]);
      expect(two).to.not.deep.equal(whole.update(second, state, one, evidence)[0]);
    });
});
