import { expect } from 'chai';
import { where } from '../../../protocol/scenario/expectation.js';
import { monotone } from '../../../protocol/scenario/expectations/monotone.js';
import { type SweepInput, sweep } from '../../../protocol/scenario/input.js';
import type { Spec } from '../../../protocol/scenario/scenario.js';
import { expandSweep, resolveSweep } from '../../../protocol/scenario/sweep.js';
import { tinyCatalogue } from '../../support/tiny-catalogue.js';

const skew = sweep('label-skew', {
  description: 'more skew, more loss',
  base: { method: { name: 'fedavg', localEpochs: 2 }, data: { name: 'gaussian-clusters', classes: 3 }, clients: 4 },
  over: {
    'data.partition': [0.05, 10].map((alpha) => ({ name: 'dirichlet', alpha })),
    seed: [1, 2, 3],
  },
  expect: [monotone({ of: 'finalLoss', inOrderOf: 'data.partition.alpha', direction: 'falling' })],
});

async function problemsOf(input: unknown): Promise<string> {
  return resolveSweep(input as SweepInput, tinyCatalogue).then(
    () => 'no problem',
    (error: Error) => error.message,
  );
}

describe('a sweep', () => {
  it('is the Cartesian product in written order, the last path fastest', async () => {
    const { points } = await resolveSweep(skew, tinyCatalogue);
    expect(points.map(({ scenario }) => [scenario.data.partition.alpha, scenario.seed])).to.deep.equal([
      [0.05, 1],
      [0.05, 2],
      [0.05, 3],
      [10, 1],
      [10, 2],
      [10, 3],
    ]);
  });

  it('with points listed runs these alone, in their order, each with every value of the paths that it does not name', () => {
    const over = { 'method.localEpochs': [1, 2], 'method.batchSize': [4, 8], seed: [1, 2] };
    const points = [
      { 'method.localEpochs': 2, 'method.batchSize': 4 },
      { 'method.localEpochs': 1, 'method.batchSize': 8 },
    ];
    expect(expandSweep({ ...skew, over, points }).map(({ values }) => Object.values(values))).to.deep.equal([
      [2, 4, 1],
      [2, 4, 2],
      [1, 8, 1],
      [1, 8, 2],
    ]);
  });

  it('labels and names each point by what it sets', async () => {
    const { points } = await resolveSweep(skew, tinyCatalogue);
    expect(points[1]!.label).to.equal('partition=dirichlet(alpha=0.05), seed=2');
    expect(points[1]!.scenario.name).to.equal('label-skew/partition-dirichlet-alpha-0.05-seed-2');
    expect(points[1]!.values).to.deep.equal({ 'data.partition': { name: 'dirichlet', alpha: 0.05 }, seed: 2 });
    expect(new Set(points.map(({ scenario }) => scenario.name)).size).to.equal(6);
  });

  it('names points apart where the words for a folder are the same', () => {
    const names = expandSweep({ ...skew, over: { 'method.clientLearningRate': [1, -1], seed: [1] } }).map(
      ({ scenario }) => scenario.name,
    );
    expect(names).to.deep.equal(['label-skew/clientLearningRate-1-seed-1', 'label-skew/point-1']);
  });

  it('uses whole paths in labels where the last words are the same', () => {
    const [first] = expandSweep({ ...skew, over: { 'method.batchSize': [8], 'evaluation.batchSize': [16] } });
    expect(first!.label).to.equal('method.batchSize=8, evaluation.batchSize=16');
  });

  it('wants a claim to name its runs, and the expectations that judge it to be complete', async () => {
    const claim = { claim: 'C', source: 'S', judgedBy: [{ name: 'monotone', of: 'finalLoss' }] };
    const problems = await problemsOf({ ...skew, claims: [claim] });
    expect(problems).to.contain('claims.0.where: expected the runs that the claim is about, by paths and values, got');
    expect(problems).to.contain('claims.0.judgedBy.0.inOrderOf: expected');
    const { claims } = await resolveSweep(
      { ...skew, claims: [{ ...claim, where: {}, judgedBy: ['finite'] }] },
      tinyCatalogue,
    );
    expect(claims[0]).to.deep.include({ where: {}, against: null, text: 'method', note: null });
    expect(claims[0]!.judgedBy).to.deep.equal([{ name: 'finite', growth: 'bounded' }]);
  });

  it('calls a name like the thing it names', () => {
    const [first] = expandSweep({ ...skew, over: { 'method.name': ['fedavg'], 'data.name': ['mnist'] } });
    expect(first!.label).to.equal('method=fedavg, data=mnist');
  });

  it('leaves out of its labels what all values of an axis have alike, but never a name', () => {
    const common = { rate: 0.5, codec: { name: 'top-k', fraction: 0.1 } };
    const methods = [
      { name: 'fedavg', ...common },
      { name: 'fedavg', ...common, proximal: 1 },
      { name: 'scaffold', ...common, proximal: 2 },
    ];
    expect(expandSweep({ ...skew, over: { method: methods } }).map(({ label }) => label)).to.deep.equal([
      'method=fedavg',
      'method=fedavg(proximal=1)',
      'method=scaffold(proximal=2)',
    ]);
    const [one] = expandSweep({ ...skew, over: { 'data.partition': [{ alpha: 1 }] } });
    expect(one!.label, 'no other point to distinguish it from').to.equal('partition=alpha=1');
  });

  it('may sweep a path inside what an earlier path sets', async () => {
    const { points } = await resolveSweep(
      { ...skew, expect: [], over: { 'data.partition': ['dirichlet'], 'data.partition.alpha': [1, 2] } },
      tinyCatalogue,
    );
    expect(points.map(({ scenario }) => scenario.data.partition.alpha)).to.deep.equal([1, 2]);
  });

  it('completes the expectation over all points and leaves the points their own', async () => {
    const resolved = await resolveSweep({ ...skew, base: { ...skew.base, expect: ['equal-digests'] } }, tinyCatalogue);
    expect(resolved.expect).to.deep.equal([
      {
        name: 'monotone',
        of: 'finalLoss',
        inOrderOf: 'data.partition.alpha',
        direction: 'falling',
        tolerance: 0,
        groupBy: null,
      },
    ]);
    expect(resolved.points[0]!.scenario.expect.map(({ name }) => name)).to.deep.equal(['finite', 'equal-digests']);
    expect(resolved.points[0]!.scenario.description).to.equal('more skew, more loss');
  });

  it('is the same from JSON', async () => {
    expect(await resolveSweep(JSON.parse(JSON.stringify(skew)), tinyCatalogue)).to.deep.equal(
      await resolveSweep(skew, tinyCatalogue),
    );
  });

  const cases: readonly [claim: string, input: unknown, problem: string][] = [
    ['an unknown key', { ...skew, bass: {} }, "bass: expected the name of a setting, got 'bass'; nearest is 'base'"],
    ['nothing to sweep', { ...skew, over: {} }, 'over: expected at least one path, got {}'],
    [
      'an axis without values',
      { ...skew, over: { seed: [] } },
      'over.seed: expected an array of at least 1, each entry plain data, got []',
    ],
    [
      'an axis that is no list',
      { ...skew, over: { seed: 3 } },
      'over.seed: expected an array of at least 1, each entry plain data, got 3',
    ],
    ['no base', { ...skew, base: 'fedavg' }, "base: expected an object, got 'fedavg'"],
    [
      'a listed point off the axes',
      { ...skew, points: [{ seed: 1 }, { rounds: 3 }] },
      "points.1: expected paths of 'over' (data.partition, seed), got 'rounds'",
    ],
    [
      'a listed value that its axis lacks',
      { ...skew, points: [{ seed: 4 }] },
      "points.0: expected a value that 'over' lists for seed, got 4",
    ],
    ['an empty list of points', { ...skew, points: [] }, 'points: expected at least one point, or null, got []'],
    [
      'an unknown expectation',
      { ...skew, expect: ['monoton'] },
      "expect.0.name: expected the name of an expectation, got 'monoton'; nearest is 'monotone'",
    ],
    [
      'an unknown setting of an expectation',
      { ...skew, expect: [{ ...(skew.expect![0] as object), inorderOf: 'x' }] },
      "expect.0.inorderOf: expected the name of a setting, got 'inorderOf'; nearest is 'inOrderOf'",
    ],
    [
      'an unknown setting of a narrowed expectation',
      { ...skew, expect: [where({ seed: 1 }, { ...(skew.expect![0] as Spec), inorderOf: 'x' })] },
      "expect.0.inorderOf: expected the name of a setting, got 'inorderOf'; nearest is 'inOrderOf'",
    ],
    [
      'an unknown narrowed expectation of a claim',
      {
        ...skew,
        claims: [{ claim: 'x', source: 'y', where: { seed: 1 }, judgedBy: [where({ seed: 2 }, { name: 'monoton' })] }],
      },
      "claims.0.judgedBy.0.name: expected the name of an expectation, got 'monoton'; nearest is 'monotone'",
    ],
    [
      'an unknown path',
      { ...skew, over: { 'method.localEpoch': [1] } },
      "scenario 'label-skew/localEpoch-1': method.localEpoch: expected the name of a setting, got 'localEpoch'; nearest is 'localEpochs'",
    ],
    [
      'a bad value at one point',
      { ...skew, over: { seed: [1, 0.5] } },
      "scenario 'label-skew/seed-0.5': seed: expected an integer of at least 0, got 0.5",
    ],
  ];
  for (const [claim, input, problem] of cases) {
    it(`refuses ${claim}`, async () => {
      expect(await problemsOf(input))
        .to.match(/^ERR_SCENARIO: /)
        .and.include(problem);
    });
  }
});
