import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

/** 60,000 steps of every chain, whatever the delay. */
const ROUNDS = 300;
const DELAYS = [
  { delay: 1, visitsPerRound: 200, burnInSteps: 2_000, thin: 17 },
  { delay: 40, visitsPerRound: 5, burnInSteps: 10_000, thin: 37 },
  { delay: 100, visitsPerRound: 2, burnInSteps: 10_000, thin: 37 },
];
const common = { stepSize: 2e-5, chains: 32, startStddev: 0.05 };

const methods = DELAYS.flatMap((delay) => [
  { name: 'dsgld', ...common, ...delay },
  { name: 'fsgld', ...common, ...delay },
  ...(delay.delay === 1 ? [] : [{ name: 'fsgld', ...common, ...delay, surrogateForm: 'diagonal' }]),
]);

const dsgld = (delay: number) => ({ 'method.name': 'dsgld', 'method.delay': delay });
const fsgld = (delay: number, form: string) => ({
  'method.name': 'fsgld',
  'method.delay': delay,
  'method.surrogateForm': form,
});

const PAPER = 'El Mekkaoui et al., UAI 2021, section 4.1';

export default sweep('fsgld-delayed-communication', {
  description:
    'Four shards of unequal curvature, delays of 1, 40 and 100 steps: with exact surrogates FSGLD keeps the posterior at any delay, DSGLD drifts up to 16 posterior standard deviations; with diagonal surrogates FSGLD does no better than DSGLD.',
  base: {
    method: 'dsgld',
    objective: { name: 'gaussian-mean', priorVariance: 100, problem: 'unequal-curvature' },
    data: 'none',
    clients: 4,
    rounds: ROUNDS,
    precision: 'float64',
    evaluation: { everyRounds: ROUNDS },
    checkpoints: { everyRounds: null },
  },
  over: { method: methods },
  expect: [
    ...[1, 40, 100].flatMap((delay) => [
      where(fsgld(delay, 'full'), below({ of: 'meanErrorSd', value: 0.1 })),
      where(fsgld(delay, 'full'), below({ of: 'covarianceError', value: 0.05 })),
    ]),
    where(dsgld(1), below({ of: 'meanErrorSd', value: 0.6 })),
    where(dsgld(40), between({ of: 'meanErrorSd', least: 8, most: 9.8 })),
    where(dsgld(100), between({ of: 'meanErrorSd', least: 14.5, most: 17.5 })),
    where(dsgld(1), between({ of: 'covarianceError', least: 20, most: 40 })),
    where(dsgld(40), between({ of: 'covarianceError', least: 600, most: 1100 })),
    where(dsgld(100), between({ of: 'covarianceError', least: 1000, most: 1550 })),
    where(fsgld(40, 'diagonal'), between({ of: 'meanErrorSd', least: 8.4, most: 10.4 })),
    where(fsgld(100, 'diagonal'), above({ of: 'meanErrorSd', value: 5 })),
    ratio({
      of: 'meanErrorSd',
      numerator: fsgld(40, 'diagonal'),
      denominator: dsgld(40),
      least: 0.8,
    }),
  ],
  claims: [
    {
      claim: 'FSGLD is insensitive to the number of local updates',
      source: PAPER,
      where: { 'method.name': 'fsgld', 'method.surrogateForm': 'full' },
      judgedBy: [
        below({ of: 'meanErrorSd', value: 0.1, groupBy: 'method.delay' }),
        below({ of: 'covarianceError', value: 0.05, groupBy: 'method.delay' }),
      ],
      note: 'Shards of unequal curvature and whole shards as batches, not the paper’s. Surrogates are exact, as in its example.',
    },
    {
      claim: 'FSGLD is insensitive to the number of local updates',
      source: PAPER,
      where: { 'method.name': 'fsgld', 'method.surrogateForm': 'diagonal' },
      judgedBy: [below({ of: 'meanErrorSd', value: 1, groupBy: 'method.delay' })],
      text: 'reconstruction',
      note: 'Shards of unequal curvature, not the paper’s. It says this of exact surrogates; diagonal ones, as for its networks, of correlated coordinates.',
    },
  ],
  expectedSeconds: 20,
});
