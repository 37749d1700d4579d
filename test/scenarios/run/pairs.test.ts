import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import { resolveSweep } from '../../../protocol/scenario/sweep.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';
import { moduleNames } from '../../../scenarios/run/module-folder.js';
import { runScenario, runSweep } from '../../../scenarios/run/runtime.js';
import { openProblem } from '../../../worker/problem.js';
import { temporaryFolder } from '../../support/scripted-run.js';

/** Parts of a scenario that are right by themselves and do not fit together. */

const catalogue = await loadCatalogue();

const server: ScenarioInput = { name: 'tiny', method: 'sgd', data: 'gaussian-clusters', clients: 5 };
const peers: ScenarioInput = { name: 'tiny', method: 'dgd', data: 'gaussian-clusters', topology: 'ring', clients: 5 };
const POSTERIORS =
  'bayesian-linear-regression, bayesian-logistic-regression, bayesian-network, gaussian-mean, metric-learning';

async function refusalOf(task: () => Promise<unknown>): Promise<string> {
  try {
    await task();
    return 'nothing';
  } catch (error) {
    return (error as Error).message;
  }
}

/** Found by the validation of the scenario, before data are read. */
const AT_THE_DOOR: readonly (readonly [pair: string, input: ScenarioInput, problem: string])[] = [
  [
    'sampler and objective',
    { ...server, method: 'sgld' },
    `objective.name: expected a log-posterior (${POSTERIORS}), since 'sgld' samples from one, got 'softmax-regression'`,
  ],
  [
    'stress and log-posterior',
    {
      ...server,
      method: 'sgld',
      objective: 'bayesian-network',
      stress: { gradientScales: { x: 2 } },
    },
    "stress.gradientScales: expected {} with the log-posterior 'bayesian-network', whose likelihood and prior would no longer belong together",
  ],
  [
    'aggregator and number of clients',
    { ...server, aggregators: { gradient: { name: 'krum', byzantine: 2 } } },
    'aggregators.gradient: krum: expected at least 7 vectors (2 f + 3), got 5',
  ],
  [
    'aggregator and cohort',
    { ...server, participation: { cohort: 2 }, aggregators: { gradient: ['bucketing', 'trimmed-mean'] } },
    'aggregators.gradient: trimmed-mean: expected at least 3 vectors (2 f + 1), got',
  ],
  [
    'aggregator and method',
    { ...server, aggregators: { gradeint: 'median' } },
    "aggregators.gradeint: expected the name of a kind of messages, got 'gradeint'; nearest is 'gradient'",
  ],
  [
    'topology and method of a server',
    { ...server, topology: 'ring' },
    "topology: expected null, since the clients of 'sgd' send each other nothing, got ",
  ],
  [
    'no topology and method of peers',
    { ...peers, topology: null },
    "topology: expected a topology, since the clients of 'dgd' send each other ",
  ],
  [
    'topology and number of clients',
    { ...peers, topology: { name: 'torus', rows: 2 } },
    'topology: expected rows * columns = 5 clients',
  ],
  [
    'codec and method',
    { ...server, method: 'marina', codecs: { difference: 'top-k' } },
    "codecs.difference.codec: expected a lossless or unbiased codec, since message 'difference' accepts no other, got 'top-k', which is contractive",
  ],
  [
    'kind of a codec and method',
    { ...server, codecs: { gradeint: 'fp16' } },
    "codecs.gradeint: expected the name of a kind of messages, got 'gradeint'; nearest is 'gradient'",
  ],
  [
    'memory and codec',
    { ...server, codecs: { gradient: { codec: 'qsgd', memory: 'ef21' } } },
    "codecs.gradient.codec: expected a contractive codec, which 'ef21' needs, got ",
  ],
  [
    'memory and fault',
    {
      ...peers,
      codecs: { iterate: { codec: 'top-k', memory: 'ef21' } },
      faults: [{ fault: 'drop' }],
    },
    'codecs.iterate',
  ],
  [
    'probe and method',
    { ...server, measure: [{ name: 'gradient-noise-scale', kind: 'update' }] },
    'measure.0: kind: expected a kind with a vector that clients send to the coordinator (gradient, previousGradient), got "update"',
  ],
  [
    'kind of a fault and method',
    { ...server, faults: [{ fault: 'drop', kind: 'gradeint' }] },
    "faults.0.kind: expected the name of a kind of the method, got 'gradeint'; nearest is 'gradient'",
  ],
  [
    'clients of a fault and number of clients',
    { ...server, faults: [{ fault: 'partition', groups: [[0, 1], [5]] }] },
    'faults.0.groups.1.0: expected a client index below clients = 5, got 5',
  ],
  [
    'figure of an expectation and method',
    { ...server, expect: [{ name: 'above', of: 'finalSignalToNoise', value: 0 }] },
    'expect.0.of: expected the name of a figure (series: ',
  ],
  [
    'cohort and method of peers',
    { ...peers, participation: { cohort: 2 } },
    "participation.cohort: expected 'all', since the clients of 'dgd' send ",
  ],
];

/** Found when the data are read: before there is a run directory, and before workers start. */
const BEFORE_THE_DIRECTORY: readonly (readonly [pair: string, input: ScenarioInput, problem: string])[] = [
  [
    'data set and objective: classes',
    { ...server, objective: 'softmax-regression', data: 'linear-regression' },
    "objective 'softmax-regression': expected classification data, got 'linear-regression' with 0 classes",
  ],
  [
    'data set and objective: shape',
    { ...server, objective: 'logistic-regression', data: { name: 'gaussian-clusters', classes: 3 } },
    "objective 'logistic-regression': expected 2 classes, 'gaussian-clusters' has 3; use 'softmax-regression'",
  ],
  ['no data set and objective', { ...server, data: 'none' }, "objective 'softmax-regression': expected a data set"],
  [
    'precision and objective',
    { ...server, objective: 'mlp', precision: 'float64' },
    "objective 'mlp': expected precision 'float32' (TensorFlow.js has no other), got 'float64'; use 'small-network' for float64",
  ],
  [
    'objective and number of clients',
    { ...server, objective: { name: 'quadratic', dimension: 1, centres: [[0], [1]] }, data: 'none' },
    "objective 'quadratic': centres: expected one for each of the 5 clients (or none), got 2",
  ],
  [
    'study and data set',
    { ...server, method: 'fedavg', study: 'privacy-audit' },
    "study privacy-audit: expected data set 'canaries', got 'gaussian-clusters'",
  ],
  [
    'study and objective',
    { ...server, objective: 'quadratic', data: 'none', study: 'gradient-inversion' },
    'study gradient-inversion: expected a model that begins with a dense layer with bias',
  ],
  [
    'study and method',
    { ...server, study: 'gradient-estimate' },
    "study gradient-estimate: expected a method with a learningRate, got 'sgd'",
  ],
];

describe('parts of a scenario that do not fit together', () => {
  for (const [pair, input, problem] of AT_THE_DOOR)
    it(`${pair}: refused when the scenario is checked`, async () => {
      expect(await refusalOf(() => resolveScenario(input, catalogue))).to.include(
        `ERR_SCENARIO: scenario 'tiny': ${problem}`,
      );
    });

  for (const [pair, input, problem] of BEFORE_THE_DIRECTORY)
    it(`${pair}: refused before there is a run directory`, async () => {
      const directory = join(temporaryFolder(), 'run');
      const scenario = await resolveScenario({ ...input, workers: { count: 2 } }, catalogue);
      const options = { directory, listen: null, signal: new AbortController().signal };
      expect(await refusalOf(() => runScenario(scenario, options))).to.include(problem);
      expect(existsSync(directory)).to.equal(false);
    });

  it('in one point of a sweep: refused, with the point, before there is a folder', async () => {
    const directory = join(temporaryFolder(), 'sweep');
    const { name: _, ...base } = { ...server, rounds: 1 };
    const over = { 'data.name': ['gaussian-clusters', 'linear-regression'] };
    const sweep = await resolveSweep({ sweep: 'tiny', base, over } as never, catalogue);
    const options = { directory, listen: null, signal: new AbortController().signal };
    expect(await refusalOf(() => runSweep(sweep, options))).to.match(
      /^ERR_OBJECTIVE: [^:]*linear-regression[^:]*: objective 'softmax-regression': expected classification data/,
    );
    expect(existsSync(directory)).to.equal(false);
  });

  it('samplers say that they are: all methods of the family bayesian and no other', async () => {
    const family = moduleNames(new URL('../../../protocol/methods/bayesian/', import.meta.url));
    const samplers: string[] = [];
    for (const name of await catalogue.methods.names())
      if ((await catalogue.methods.find(name))!.needsPosterior) samplers.push(name);
    expect(samplers).to.deep.equal([...family]);
  });

  for (const [objective, data] of [
    ['bayesian-linear-regression', 'linear-regression'],
    ['bayesian-logistic-regression', { name: 'gaussian-clusters', classes: 2 }],
    ['bayesian-network', 'gaussian-clusters'],
    ['gaussian-mean', 'gaussian-clusters'],
    ['metric-learning', 'gaussian-clusters'],
    ['softmax-regression', 'gaussian-clusters'],
    ['small-network', 'gaussian-clusters'],
    ['quadratic', 'none'],
  ] as const)
    it(`${objective}: is declared a posterior exactly if its shards have a prior`, async () => {
      const scenario = await resolveScenario({ ...server, objective, data }, catalogue);
      const shard = (await openProblem(scenario)).objectiveOf(0);
      const entry = (await catalogue.objectives.find(objective))!;
      expect(entry.isPosterior ?? false).to.equal('priorGradient' in shard);
    });
});
