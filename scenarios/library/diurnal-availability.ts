import { availability } from '../../protocol/faults/availability.js';
import { diurnalAvailability } from '../../protocol/faults/diurnal-availability.js';
import { where } from '../../protocol/scenario/expectation.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { everyFaultHappened } from '../../protocol/scenario/expectations/every-fault-happened.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const CLIENTS = 40;
const DIMENSION = 20;
const RATE = 0.1;
const ROUNDS_PER_DAY = 40;
const AMPLITUDE = 0.4;

/** f_i(x) = |x - c_i|^2 / 2, c_i = 3 in the even time zone and 1 in the odd one, in every coordinate: the optimum is 2. */
const CENTRES = Array.from({ length: CLIENTS }, (_, i) => Array.from({ length: DIMENSION }, () => (i % 2 ? 1 : 3)));

/**
 * The mean centre of those who are on is about 2 + 2 AMPLITUDE sin(w t), w = 2 pi / ROUNDS_PER_DAY. FedAvg follows it with a gain of
 * RATE / |e^(iw) - (1 - RATE)|, and half of the squared amplitude is the mean square.
 */
function followed(): number {
  const kept = 1 - RATE;
  const gain = RATE ** 2 / (1 + kept ** 2 - 2 * kept * Math.cos((2 * Math.PI) / ROUNDS_PER_DAY));
  return (DIMENSION * (2 * AMPLITUDE) ** 2 * gain) / 2;
}

const FIGURE = 'lateMeanSquaredError';
const inShort = (value: number) => Number(value.toPrecision(3));
const about = (value: number) => between({ of: FIGURE, least: inShort(0.8 * value), most: inShort(1.25 * value) });
const of = (method: string, fault: string) => ({ 'method.name': method, 'faults.0.fault': fault });
const local = { localEpochs: 1, batchSize: 1, clientLearningRate: RATE };

export default sweep('diurnal-availability', {
  description:
    'Clients of two time zones with different optima, on by day. FedAvg follows the sun, by as much as the length of the day predicts; ' +
    'MIFA, which remembers those who are away, does not. With the same on-share and no day the error of FedAvg is that of chance, less than a tenth.',
  base: {
    method: { name: 'fedavg', ...local },
    objective: {
      name: 'quadratic',
      dimension: DIMENSION,
      matrices: CENTRES.map((centre) => centre.map(() => 1)),
      centres: CENTRES,
    },
    data: 'none',
    clients: CLIENTS,
    rounds: 1_000,
    seed: 1,
    precision: 'float64',
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'fedavg', ...local },
      { name: 'mifa', ...local },
    ],
    faults: [
      [diurnalAvailability({ mean: 0.5, amplitude: AMPLITUDE, roundsPerDay: ROUNDS_PER_DAY, timeZones: 2 })],
      [availability({ onToOff: 0.5, offToOn: 0.5 })],
    ],
  },
  expect: [
    everyFaultHappened(),
    where(of('fedavg', 'diurnal-availability'), about(followed())),
    // What chance leaves varies by seed: all coordinates share the same coins. By its variance the ratio is about 70.
    ratio({
      of: FIGURE,
      numerator: of('fedavg', 'diurnal-availability'),
      denominator: of('fedavg', 'availability'),
      least: 10,
    }),
    where(of('mifa', 'diurnal-availability'), below({ of: FIGURE, value: 1e-6 })),
    where(of('mifa', 'availability'), below({ of: FIGURE, value: 1e-6 })),
  ],
  expectedSeconds: 10,
});
