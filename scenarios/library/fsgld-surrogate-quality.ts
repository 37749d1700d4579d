import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { sweep } from '../../protocol/scenario/input.js';

const common = {
  name: 'fsgld',
  stepSize: 2e-5,
  delay: 40,
  visitsPerRound: 5,
  chains: 32,
  startStddev: 0.05,
  burnInSteps: 10_000,
  thin: 37,
};
const quality = (settings: Record<string, string | number>) => ({ ...common, ...settings });
const ofDraws = { surrogate: 'draws', surrogateStepSize: 2e-4, surrogateDraws: 3_000, surrogateThin: 10 };

export default sweep('fsgld-surrogate-quality', {
  description:
    'How good must a surrogate be? Forty local steps with exact surrogates, with natural parameters off by 3 and 10 %, from 3000 local draws with and without mini-batches, and diagonal ones.',
  base: {
    method: 'fsgld',
    objective: { name: 'gaussian-mean', priorVariance: 100, problem: 'unequal-curvature' },
    data: 'none',
    clients: 4,
    rounds: 300,
    precision: 'float64',
    evaluation: { everyRounds: 300 },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      quality({}),
      quality({ surrogateError: 0.03 }),
      quality({ surrogateError: 0.1 }),
      quality(ofDraws),
      quality({ ...ofDraws, surrogateBatchSize: 20 }),
      quality({ surrogateForm: 'diagonal' }),
    ],
  },
  expect: [
    where(
      { 'method.surrogateError': 0, 'method.surrogate': 'objective', 'method.surrogateForm': 'full' },
      below({ of: 'covarianceError', value: 0.05 }),
    ),
    where({ 'method.surrogateError': 0.1 }, above({ of: 'covarianceError', value: 0.2 })),
    where({ 'method.surrogateForm': 'diagonal' }, between({ of: 'covarianceError', least: 250, most: 380 })),
  ],
  expectedSeconds: 25,
});
