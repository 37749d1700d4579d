import { expect } from 'chai';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import { resolveSweep } from '../../../protocol/scenario/sweep.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';

const catalogue = await loadCatalogue();

const server: ScenarioInput = { name: 'tiny', method: 'sgd', data: 'gaussian-clusters' };
const peers: ScenarioInput = { name: 'tiny', method: 'dgd', data: 'gaussian-clusters', topology: 'ring' };

/** Lines of what is wrong; none: it is right. */
async function problemsOf(input: ScenarioInput): Promise<readonly string[]> {
  try {
    await resolveScenario(input, catalogue);
    return [];
  } catch (error) {
    const [first, ...lines] = (error as Error).message.split('\n');
    if (lines.length > 0) return lines.map((line) => line.trim());
    return [first!.replace("ERR_SCENARIO: scenario 'tiny': ", '')];
  }
}

/** By kind: an unknown name, a misspelt setting, a wrong type, a number out of range, a wrong setting inside a setting. */
const REFUSED: Readonly<Record<string, readonly (readonly [change: object, problem: string, base?: ScenarioInput])[]>> =
  {
    methods: [
      [{ method: 'fedavgg' }, "method.name: expected the name of a method, got 'fedavgg'; nearest is 'fedavg'"],
      [
        { method: { name: 'dgd', stepsize: 1 } },
        "method.stepsize: expected the name of a setting, got 'stepsize'; nearest is 'stepSize'",
        peers,
      ],
      [
        { method: { name: 'dgd', form: 'act' } },
        "method.form: expected one of 'cta', 'atc', got 'act'; nearest is 'cta'",
        peers,
      ],
      [
        { method: { name: 'dgd', batchSize: 0 } },
        'method.batchSize: expected an integer of at least 1 or null, got 0',
        peers,
      ],
      [
        { method: { name: 'dgd', stepSize: { name: 'cosin', rate: 1, steps: 2 } } },
        "method.stepSize.name: expected the name of a schedule, got 'cosin'; nearest is 'cosine'",
        peers,
      ],
    ],
    optimizers: [
      [
        { method: { name: 'dp-sgd', optimizer: 'adamm' } },
        "method.optimizer.name: expected the name of an optimizer, got 'adamm'; nearest is 'adam'",
      ],
      [
        { method: { name: 'dp-sgd', optimizer: { name: 'adam', learningRat: 0.1 } } },
        "method.optimizer.learningRat: expected the name of a setting, got 'learningRat'; nearest is 'learningRate'",
      ],
      [
        { method: { name: 'dp-sgd', optimizer: { name: 'adam', lr: 0.1 } } },
        'method.optimizer.lr: expected the name of a setting (learningRate, beta1, beta2, epsilon, biasCorrection, weightDecay), ' +
          "got 'lr'",
      ],
      [
        { method: { name: 'dp-sgd', optimizer: { name: 'adam', biasCorrection: 1 } } },
        'method.optimizer.biasCorrection: expected true or false, got 1',
      ],
      [
        { method: { name: 'dp-sgd', optimizer: { name: 'adam', beta1: 1 } } },
        'method.optimizer.beta1: expected a number in [0, 1), got 1',
      ],
    ],
    schedules: [
      [
        { method: { name: 'dp-sgd', optimizer: { name: 'sgd', learningRate: { name: 'cosine', rate: 1, steps: 0 } } } },
        'method.optimizer.learningRate.steps: expected an integer of at least 1, got 0',
      ],
      [
        {
          method: {
            name: 'dgd',
            stepSize: { name: 'warm-up', steps: 2, after: { name: 'cosine', rate: -1, steps: 1 } },
          },
        },
        'method.stepSize.after.rate: expected a number of at least 0, got -1',
        peers,
      ],
    ],
    codecs: [
      [
        { codecs: { gradient: 'topk' } },
        "codecs.gradient.codec.name: expected the name of a codec, got 'topk'; nearest is 'top-k'",
      ],
      [
        { codecs: { gradient: { name: 'top-k', fractoin: 0.1 } } },
        "codecs.gradient.codec.fractoin: expected the name of a setting, got 'fractoin'; nearest is 'fraction'",
      ],
      [
        { codecs: { gradient: { name: 'random-k', scaled: 1 } } },
        'codecs.gradient.codec.scaled: expected true or false, got 1',
      ],
      [
        { codecs: { gradient: { name: 'top-k', fraction: 1.5 } } },
        'codecs.gradient.codec.fraction: expected a number in (0, 1], got 1.5',
      ],
      [
        { codecs: { gradient: { name: 'top-k', values: { name: 'int8-linear', blok: 3 } } } },
        "codecs.gradient.codec.values.blok: expected the name of a setting, got 'blok'; nearest is 'block'",
      ],
    ],
    memories: [
      [
        { codecs: { gradient: { codec: 'top-k', memory: 'dcg' } } },
        "codecs.gradient.memory.name: expected the name of a memory, got 'dcg'; nearest is 'dgc'",
      ],
      [
        { codecs: { gradient: { codec: 'top-k', memory: { name: 'dgc', momentum: 2 } } } },
        'codecs.gradient.memory.momentum: expected a number in [0, 1], got 2',
      ],
    ],
    objectives: [
      [
        { objective: 'quadratics' },
        "objective.name: expected the name of an objective, got 'quadratics'; nearest is 'quadratic'",
      ],
      [
        { objective: { name: 'softmax-regression', l3: 1 } },
        "objective.l3: expected the name of a setting, got 'l3'; nearest is 'l2'",
      ],
      [
        { objective: { name: 'softmax-regression', l2: '0' } },
        "objective.l2: expected a number of at least 0, got '0'",
      ],
      [
        { objective: { name: 'small-network', hidden: [4, 0] } },
        'objective.hidden.1: expected an integer of at least 1, got 0',
      ],
    ],
    'data sets': [
      [{ data: 'mnits' }, "data.name: expected the name of a data set, got 'mnits'; nearest is 'mnist'"],
      [
        { data: { name: 'gaussian-clusters', clases: 3 } },
        "data.clases: expected the name of a setting, got 'clases'; nearest is 'classes'",
      ],
      [{ data: { name: 'mnist', size: '8' } }, "data.size: expected one of 28, 14, 8, got '8'; nearest is '8'"],
      [{ data: { name: 'gaussian-clusters', classes: 1 } }, 'data.classes: expected an integer of at least 2, got 1'],
    ],
    partitions: [
      [
        { data: { name: 'gaussian-clusters', partition: 'dirichlet_' } },
        "data.partition.name: expected the name of a partition, got 'dirichlet_'; nearest is 'dirichlet'",
      ],
      [
        { data: { name: 'gaussian-clusters', partition: { name: 'dirichlet', alpa: 1 } } },
        "data.partition.alpa: expected the name of a setting, got 'alpa'; nearest is 'alpha'",
      ],
      [
        { data: { name: 'gaussian-clusters', partition: { name: 'dirichlet', alpha: 0 } } },
        'data.partition.alpha: expected a number above 0, got 0',
      ],
    ],
    topologies: [
      [{ topology: 'rign' }, "topology.name: expected the name of a topology, got 'rign'; nearest is 'ring'", peers],
      [
        { topology: { name: 'ring', wieghts: 'uniform' } },
        "topology.wieghts: expected the name of a setting, got 'wieghts'; nearest is 'weights'",
        peers,
      ],
      [
        { topology: { name: 'erdos-renyi', probability: 2 } },
        'topology.probability: expected a number in (0, 1], got 2',
        peers,
      ],
      [
        { topology: { name: 'periodic', graphs: ['ring', { name: 'torus', rows: 0 }] } },
        'topology.graphs.1.rows: expected an integer of at least 1 or null, got 0',
        peers,
      ],
      [
        { topology: { name: 'torus', rows: 3 } },
        'topology: expected rows * columns = 10 clients, got rows 3 and columns null',
        peers,
      ],
    ],
    faults: [
      [{ faults: [{ fault: 'dorp' }] }, "faults.0.fault: expected the name of a fault, got 'dorp'; nearest is 'drop'"],
      [
        { faults: [{ fault: 'drop', probabilty: 1 }] },
        "faults.0.probabilty: expected the name of a setting, got 'probabilty'; nearest is 'probability'",
      ],
      [{ faults: [{ fault: 'drop', probability: 2 }] }, 'faults.0.probability: expected a number in [0, 1], got 2'],
    ],
    studies: [
      [
        { study: 'privacy-adit' },
        "study.name: expected the name of a study, got 'privacy-adit'; nearest is 'privacy-audit'",
      ],
      [
        { study: { name: 'privacy-audit', gueses: 3 } },
        "study.gueses: expected the name of a setting, got 'gueses'; nearest is 'guesses'",
      ],
      [{ study: { name: 'privacy-audit', significance: 1 } }, 'study.significance: expected a number in (0, 1), got 1'],
    ],
    expectations: [
      [
        { expect: [{ name: 'reach' }] },
        "expect.0.name: expected the name of an expectation, got 'reach'; nearest is 'reaches'",
      ],
      [
        { expect: [{ name: 'above', of: 'finalAccuracy', value: 0.5, valeu: 1 }] },
        "expect.0.valeu: expected the name of a setting, got 'valeu'; nearest is 'value'",
      ],
      [
        { expect: [{ name: 'above', of: 'finalAccuracy', value: 'half' }] },
        "expect.0.value: expected a number, got 'half'",
      ],
      [
        { expect: [{ name: 'ratio', of: 'finalLoss' }] },
        'expect.0: expected at least one of least and most, got {"of":"finalLoss"}',
      ],
    ],
    'figures that expectations name': [
      [
        { expect: [{ name: 'above', of: 'finalAcuracy', value: 0.5 }] },
        "expect.0.of: expected the name of a figure, got 'finalAcuracy'; nearest is 'finalAccuracy'",
      ],
      [
        { expect: [{ name: 'above', of: 'finalLoss / finalTrianLoss', value: 0.5 }] },
        "expect.0.of: expected the name of a figure, got 'finalLoss / finalTrianLoss'",
      ],
      [
        { expect: [{ name: 'reaches', of: 'acuracy', above: 0.5 }] },
        "expect.0.of: expected the name of a series, got 'acuracy'; nearest is 'accuracy'",
      ],
      [
        { expect: [{ name: 'above', of: 'finalTrackedGradientSquared', value: 0 }] },
        "expect.0.of: expected the name of a figure, got 'finalTrackedGradientSquared'",
      ],
      [
        { expect: [{ name: 'settles-in-order', groups: [['loss'], ['weightError/1', 'wieghtError/2']], below: 1 }] },
        "expect.0.groups.1.1: expected the name of a series, got 'wieghtError/2'",
        { ...server, objective: 'linear-regression', data: 'linear-regression' },
      ],
      [
        {
          claims: [{ claim: 'x', source: 'y', judgedBy: [{ name: 'above', of: 'finalLos', value: 0 }] }],
        },
        "claims.0.judgedBy.0.of: expected the name of a figure, got 'finalLos'; nearest is 'finalLoss'",
      ],
    ],
  };

describe('a scenario is checked whole before anything starts', () => {
  for (const [kind, cases] of Object.entries(REFUSED))
    for (const [change, problem, base = server] of cases)
      it(`${kind}: ${JSON.stringify(change)} is refused`, async () => {
        const [first, ...more] = await problemsOf({ ...base, ...change });
        // Where no figure is near, all are listed.
        expect(first?.replace(/ \(series: .*\), got/, ', got')).to.equal(problem);
        expect(more).to.deep.equal([]);
      });

  it('all that is wrong is reported at once, wherever it is', async () => {
    const input = {
      ...server,
      method: { name: 'dp-sgd', optimizer: { name: 'adam', learningRat: 1 } },
      objective: { name: 'softmax-regression', l2: -1 },
      expect: [{ name: 'above', of: 'finalAcuracy', value: 1 }],
    };
    expect((await problemsOf(input)).map((line) => line.split(':')[0])).to.deep.equal([
      'method.optimizer.learningRat',
      'objective.l2',
      'expect.0.of',
    ]);
  });

  for (const name of ['powersgd', 'fetchsgd', 'one-bit-adam'])
    it(`${name}: batchSize null, the whole shard, is accepted as its documentation says`, async () => {
      expect(await problemsOf({ ...server, method: { name, batchSize: null } })).to.deep.equal([]);
    });

  it('figures of methods, objectives, studies and of every run are known', async () => {
    const of = [
      'finalLoss',
      'least.weightError/3',
      'totalBytes',
      'roundsTo(loss<=0.1)',
      'epsilon',
      'finalEpsilon',
      'meanAnswers',
    ];
    const input: ScenarioInput = {
      name: 'tiny',
      method: 'dp-gd',
      objective: 'linear-regression',
      data: 'linear-regression',
      expect: of.filter((name) => name !== 'epsilon').map((figure) => ({ name: 'above', of: figure, value: 0 })),
    };
    expect(await problemsOf(input)).to.deep.equal([]);
  });

  it('over a sweep a figure of any point is known, and of none is not', async () => {
    const sweep = (of: string) => ({
      sweep: 'both',
      base: { method: 'dgd', data: 'gaussian-clusters', topology: 'ring' },
      over: { method: ['dgd', 'gradient-tracking'] },
      expect: [{ name: 'above', of, value: 0 }],
    });
    await resolveSweep(sweep('finalTrackedGradientSquared'), catalogue);
    let message = '';
    await resolveSweep(sweep('finalTrackedGradientSquare'), catalogue).catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.include(
      "expect.0.of: expected the name of a figure, got 'finalTrackedGradientSquare'; nearest is 'finalTrackedGradientSquared'",
    );
  });
});

describe('every thing that a scenario may name', () => {
  const { methods, objectives, datasets, partitions, topologies, codecs, memories } = catalogue;
  const { optimizers, schedules, studies, expectations } = catalogue;
  const tables = {
    methods,
    objectives,
    datasets,
    partitions,
    topologies,
    codecs,
    memories,
    optimizers,
    schedules,
    studies,
    expectations,
  };
  for (const [kind, table] of Object.entries(tables))
    it(`${kind}: each setting has a meaning, and a default that passes its own check or is required`, async () => {
      const names = (await table?.names()) ?? [];
      expect(names).to.have.length.above(1);
      for (const name of names) {
        const { settings } = (await table!.find(name))!;
        if (!settings) continue;
        for (const row of settings.rows()) expect(row.meaning, `${name}.${row.name}`).to.match(/^\S.{2,}$/);
        const needed = settings.rows().filter(({ byDefault }) => byDefault === undefined);
        if (needed.length > 0 || kind === 'expectations') continue;
        expect(settings.parse(name, {}), name).to.deep.equal(settings.parse(name, settings.defaults));
      }
    });
});
