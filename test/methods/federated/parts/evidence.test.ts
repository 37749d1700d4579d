import '../../../support/loaded-rules.js';
import { expect } from 'chai';
import { GradientEvidence } from '../../../../protocol/methods/federated/parts/evidence.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { loadOptimizer } from '../../../../protocol/optimizers/load-optimizer.js';

describe('protocol/methods/federated/evidence', () => {
  it('a gradient at the previous parameters counts when it is that of a single example', () => {
    const at = { rng: rootStream(1, 'float64'), cohort: [0] };
    const rule = loadOptimizer({ name: 'mars' }, []);
    const evidence = new GradientEvidence(rule, { name: 'mars' } as never, 2, at);
    evidence.add(0, 1, Float64Array.of(1, 2));
    expect(evidence.of(evidence.mean())).to.deep.equal({});
    evidence.addPrevious(1, Float64Array.of(3, 4));
    expect(evidence.of(evidence.mean())).to.deep.equal({ gradientAtPrevious: Float64Array.of(3, 4) });
  });
});
