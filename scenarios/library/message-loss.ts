import { drop } from '../../protocol/faults/drop.js';
import { symmetricDrop } from '../../protocol/faults/symmetric-drop.js';
import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { everyFaultHappened } from '../../protocol/scenario/expectations/every-fault-happened.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';
import type { Made } from '../../protocol/scenario/made.js';
import type { Spec } from '../../protocol/scenario/scenario.js';

const stepSize = 0.05;
const compressed = { name: 'cdproxsgt', stepSize, trackerMixing: 0.3, iterateMixing: 0.3 };
const figure = 'finalMeanSquaredError';

/** What is expected of a method under 'symmetric-drop' (an edge is down both ways) or 'drop' (a message is lost one way). */
function expected(method: string, fault: string, expectation: Made<Spec>): Made<Spec> {
  const [name, links] = method.split(' ');
  const chosen = { 'method.name': name!, 'faults.0.fault': fault };
  return where(links ? { ...chosen, 'method.links': links } : chosen, expectation);
}

const survives = (method: string, fault: string, value: number) =>
  expected(method, fault, below({ of: figure, value }));
const breaks = (method: string, fault: string, value: number) => expected(method, fault, above({ of: figure, value }));

export default sweep('message-loss', {
  description:
    'Which methods survive which loss, on a ring of eight: 5 % of edges down in both directions, or 5 % of messages lost in one. ' +
    'Exact methods need symmetry; per-link estimates (VRA) and acknowledged residuals do not; undetected losses of residuals corrupt replicas.',
  base: {
    method: { name: 'gradient-tracking' },
    objective: {
      name: 'quadratic',
      dimension: 5,
      curvature: 'full',
      smallestEigenvalue: 0.5,
      largestEigenvalue: 2,
      centreSpread: 2,
    },
    data: 'none',
    clients: 8,
    rounds: 1200,
    seed: 3,
    precision: 'float64',
    topology: { name: 'ring' },
    codecs: { '*': { codec: { name: 'top-k', fraction: 0.4 } } },
    evaluation: { everyRounds: 20 },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'gradient-tracking', stepSize },
      { name: 'extra', stepSize },
      { name: 'vra-dgt' },
      { ...compressed, links: 'plain' },
      { ...compressed, links: 'acknowledged' },
    ],
    faults: [[symmetricDrop({ probability: 0.05 })], [drop({ probability: 0.05 })]],
  },
  expect: [
    everyFaultHappened(),
    survives('gradient-tracking', 'symmetric-drop', 1e-15),
    // What one-sided losses leave is random, over decades: 6e-5 to 0.1. Without them it is below 1e-15.
    breaks('gradient-tracking', 'drop', 1e-6),
    survives('extra', 'symmetric-drop', 1e-15),
    breaks('extra', 'drop', 1e-3),
    survives('vra-dgt', 'symmetric-drop', 1e-3),
    survives('vra-dgt', 'drop', 1e-3),
    ratio({
      of: figure,
      numerator: { 'method.name': 'vra-dgt', 'faults.0.fault': 'drop' },
      denominator: { 'method.name': 'vra-dgt', 'faults.0.fault': 'symmetric-drop' },
      most: 2,
    }),
    breaks('cdproxsgt plain', 'symmetric-drop', 1),
    breaks('cdproxsgt plain', 'drop', 1),
    survives('cdproxsgt acknowledged', 'symmetric-drop', 1e-10),
    survives('cdproxsgt acknowledged', 'drop', 1e-10),
  ],
  expectedSeconds: 30,
});
