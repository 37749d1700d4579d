import { where } from '../../protocol/scenario/expectation.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const CLIENTS = 20;
const DIMENSION = 200;
const COHORT = 4;
/** Less than one client a round. */
const HALF = 0.5;
const RATE = 0.1;
/** Those of high loss and large updates, all in the last of the availability groups. */
const FAR = [16, 17, 18, 19];
const SLOW = [0, 3, 6, 9, 12, 15];

/** f_i(x) = |x - c_i|^2 / 2. The far ones have centres ten times as far away. */
const CENTRES = Array.from({ length: CLIENTS }, (_, i) =>
  Array.from({ length: DIMENSION }, (_, j) => ((((i * 7 + j * 5 + i * j) % 11) - 5) / 10) * (FAR.includes(i) ? 10 : 1)),
);

/** Sum over clients of the squared distance of their centres to the optimum, which is their mean, over n - 1. */
function spread(): number {
  let sum = 0;
  for (let j = 0; j < DIMENSION; j++) {
    const mean = CENTRES.reduce((total, centre) => total + centre[j]!, 0) / CLIENTS;
    for (const centre of CENTRES) sum += (centre[j]! - mean) ** 2;
  }
  return sum / (CLIENTS - 1);
}

/**
 * One step at rate r toward a mean of centres with variance v moves x to (1 - r) x + r mean, whose mean squared distance to the
 * optimum becomes r v / (2 - r).
 */
const stationary = (variance: number): number => (RATE / (2 - RATE)) * variance;
const WITHOUT_REPLACEMENT = stationary((spread() / COHORT) * (1 - COHORT / CLIENTS));
const WITH_REPLACEMENT = stationary((spread() / COHORT) * (1 - 1 / CLIENTS));

/** Each client by a coin of probability q, counted 1 / q times: the variance grows with the distance too. */
function byCoins(q: number): number {
  const odds = (1 - q) / q / CLIENTS;
  return (RATE * odds * (1 - 1 / CLIENTS) * spread()) / (2 - RATE - RATE * odds);
}

const FIGURE = 'lateMeanSquaredError';
const inShort = (value: number) => Number(value.toPrecision(3));
const about = (value: number) => between({ of: FIGURE, least: inShort(0.8 * value), most: inShort(1.25 * value) });
const by = (name: string, cohort = COHORT) => ({
  'participation.sampling.name': name,
  'participation.cohort': cohort,
});
/** Its figure over that of uniform selection. */
const toUniform = (name: string, of: string, bounds: { readonly least?: number; readonly most?: number }) =>
  ratio({ of, numerator: by(name), denominator: { 'participation.sampling': 'fixed' }, ...bounds });

export default sweep('client-selection', {
  description:
    'Who is in a round, on quadratics with four clients far from the other sixteen: unbiased selections settle about the optimum at the ' +
    'distance that their variance predicts, also with half a client a round; optimal norm sampling at less than 0.4 of it. Power of choice, ' +
    'Oort and availability in groups settle elsewhere; Oort takes less than half the time.',
  base: {
    method: { name: 'fedavg', localEpochs: 1, batchSize: 1, clientLearningRate: RATE },
    objective: {
      name: 'quadratic',
      dimension: DIMENSION,
      matrices: CENTRES.map((centre) => centre.map(() => 1)),
      centres: CENTRES,
    },
    data: 'none',
    clients: CLIENTS,
    rounds: 2_000,
    precision: 'float64',
    devices: [{ clients: SLOW, msPerExample: 200 }],
    checkpoints: { everyRounds: null },
  },
  over: {
    participation: [
      { cohort: COHORT, sampling: 'fixed' },
      { cohort: COHORT, sampling: { name: 'fixed', unbiased: true } },
      { cohort: COHORT, sampling: { name: 'poisson', unbiased: true } },
      { cohort: HALF, sampling: { name: 'poisson', unbiased: true } },
      { cohort: COHORT, sampling: 'by-size' },
      { cohort: COHORT, sampling: 'optimal-norm' },
      { cohort: COHORT, sampling: { name: 'power-of-choice', candidates: 10 } },
      { cohort: COHORT, sampling: 'oort' },
      { cohort: COHORT, sampling: { name: 'availability-group', groups: 5, roundsPerGroup: 20 } },
    ],
    seed: [1, 2, 3],
  },
  expect: [
    where({ 'participation.sampling': 'fixed' }, about(WITHOUT_REPLACEMENT)),
    where(by('fixed'), about(WITHOUT_REPLACEMENT)),
    where(by('by-size'), about(WITH_REPLACEMENT)),
    where(by('poisson'), about(byCoins(COHORT / CLIENTS))),
    where(by('poisson', HALF), about(byCoins(HALF / CLIENTS))),
    where(by('optimal-norm'), below({ of: FIGURE, value: inShort(0.4 * WITHOUT_REPLACEMENT) })),
    // Of 20 clients 4 send updates, and all send norms.
    toUniform('optimal-norm', 'totalBytesUp', { least: 1.1, most: 1.5 }),
    toUniform('power-of-choice', FIGURE, { least: 5 }),
    toUniform('power-of-choice', 'totalBytesUp', { least: 1, most: 1.25 }),
    // Ten candidates are sent the model.
    toUniform('power-of-choice', 'totalBytesDown', { least: 2.5, most: 2.75 }),
    toUniform('oort', FIGURE, { least: 5 }),
    toUniform('oort', 'finalSimulatedMs', { most: 0.5 }),
    toUniform('availability-group', FIGURE, { least: 5 }),
  ],
  expectedSeconds: 30,
});
