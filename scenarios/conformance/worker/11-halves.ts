import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { type Case, type Chapter, equal, required } from '../case.js';
import type { Coordinator } from '../script/coordinator.js';
import { numbersOf } from '../script/fedavg.js';
import { bodyOf, type ReceivedFrame } from '../script/frames.js';
import { HALF_VECTORS } from '../script/vectors.js';

const section = 'protocol-streams.md: Client halves';
const [CLIENT, ROUND, ITERATE] = [2, 3, 2];
const PARAMS = [0, 0.125, 0.25, 0.375, 0.5, 0.625];
const OTHERS = [0, 1, 2, 3, 4, 5].map((i) => 0.1 * i - 0.7);
const SETTINGS: Readonly<Record<string, object>> = {
  sgd: { batchSize: 2 },
  fedavg: { batchSize: 2, localEpochs: 2, clientLearningRate: 0.01 },
  'gradient-tracking': { batchSize: 2, stepSize: 0.01 },
};

type Vector = (typeof HALF_VECTORS)[number];

function scenarioFor({ method, curvature, precision, proximal }: Vector): Partial<ScenarioInput> {
  return {
    seed: 9,
    clients: 4,
    precision,
    method: { name: method, ...SETTINGS[method], ...(method === 'fedavg' ? { proximal } : {}) },
    objective: {
      name: 'quadratic',
      dimension: 6,
      curvature,
      largestEigenvalue: 50,
      examples: 5,
      exampleSpread: 0.5,
      initialValue: 0.3,
    },
    ...(method === 'gradient-tracking' ? { topology: { name: 'ring', weights: 'metropolis' } } : {}),
  };
}

const titleOf = ({ method, curvature, precision, proximal }: Vector): string =>
  `computes ${method} in ${precision}${curvature === 'full' ? ' with a full curvature' : ''}${proximal > 0 ? ' with a proximal term' : ''} to the last bit`;

const stored = ({ precision }: Vector, values: readonly number[]) =>
  precision === 'float32' ? Float32Array.from(values) : Float64Array.from(values);

/** The answer to one model; `examples`: what stands beside it. */
async function answered(it: Coordinator, vector: Vector): Promise<void> {
  const averaging = vector.method === 'fedavg';
  const [model, answer, examples] = averaging ? [0, 1, 5] : [1, 0, 2];
  const run = await it.running(scenarioFor(vector), { clients: [CLIENT] });
  run.begin({ index: ROUND, cohort: [0, 1, 2, 3] });
  run.frames.sendFrame({ kind: model, round: ROUND, to: CLIENT }, bodyOf([stored(vector, PARAMS)], []));
  const { body } = await required('an answer to the model', 'the half posts once', run.frameOf(CLIENT, answer));
  const expected = stored(vector, numbersOf(vector.result[0]!));
  equal(body, bodyOf([expected], [examples]), 'keyed streams and the order of additions give these bits');
}

/** Two rounds of gradient tracking: what is sent at first, and what the second sends of the state after it. */
async function tracked(it: Coordinator, vector: Vector): Promise<void> {
  const [first, , x, y] = vector.result.map((text) => stored(vector, numbersOf(text)));
  const run = await it.running(scenarioFor(vector), { clients: [CLIENT] });
  const sent = (round: number): Promise<ReceivedFrame> =>
    run.frames.frame((one) => one.to === 1 && one.round === round && one.kind === ITERATE);
  run.begin({ index: ROUND, cohort: [0, 1, 2, 3] });
  const initial = stored(vector, new Array(6).fill(0.3));
  equal(
    (await required('an iterate', 'posted before others are taken', sent(ROUND))).body,
    bodyOf([initial, first!], []),
    'x and the gradient of the first batch',
  );
  const neighbours: readonly (readonly [number, readonly number[]])[] = [
    [3, OTHERS],
    [1, PARAMS],
  ];
  // The later neighbour first: the order of additions is that of the senders, not of arrival.
  for (const [from, values] of neighbours) {
    const body = bodyOf([stored(vector, values), stored(vector, values)], []);
    run.frames.sendFrame({ kind: ITERATE, round: ROUND, from, to: CLIENT }, body);
  }
  await run.done();
  run.settle({ round: ROUND, cohort: [0, 1, 2, 3] });
  run.begin({ index: ROUND + 1, cohort: [0, 1, 2, 3] });
  equal(
    (await required('an iterate', 'the next round', sent(ROUND + 1))).body,
    bodyOf([x!, y!], []),
    'mixed in ascending order, then moved',
  );
}

export default {
  title: '11 Client halves and their random streams',
  cases: HALF_VECTORS.map(
    (vector, i): Case<Coordinator> => ({
      id: `11.1.${i + 1}`,
      title: titleOf(vector),
      section,
      run: (it) => (vector.method === 'gradient-tracking' ? tracked(it, vector) : answered(it, vector)),
    }),
  ),
} satisfies Chapter<Coordinator>;
