import { expect } from 'chai';
import conceptDriftFault, { conceptDrift } from '../../protocol/faults/concept-drift.js';
import { during } from '../../protocol/faults/fault.js';
import featureSkewFault from '../../protocol/faults/feature-skew.js';
import featureWalkFault from '../../protocol/faults/feature-walk.js';
import labelFlipFault, { labelFlip } from '../../protocol/faults/label-flip.js';
import labelNoiseFault, { labelNoise } from '../../protocol/faults/label-noise.js';
import fedavg from '../../protocol/methods/federated/fedavg.js';
import { rootStream } from '../../protocol/numerics/random.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { claimsOf } from '../../scenarios/check/claims-of.js';
import { resolveTiny } from '../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../scenarios/check/parts/tiny-run.js';
import { openProblem, type Problem } from '../../worker/problem.js';

const CLIENTS = 10;
const NO_STREAMS = { streams: rootStream(1, 'float64') };

const scenario = (more: Partial<ScenarioInput>) =>
  resolveTiny(fedavg, {
    method: { name: 'fedavg', clientLearningRate: 0.1, batchSize: 10 },
    objective: 'softmax-regression' as never,
    data: {
      name: 'gaussian-clusters',
      classes: 5,
      features: 10,
      examples: 2_000,
      testExamples: 500,
      separation: 4,
    } as never,
    clients: CLIENTS,
    rounds: 15,
    precision: 'float64',
    evaluation: { everyRounds: 1 },
    ...more,
  });

/** The class that a client's objective takes an example for: that of the least loss under a model that is sure of one class. */
async function labelsOf(problem: Problem, client: number, round: number | null): Promise<number[]> {
  const objective = round === null ? problem.objectiveOf(client) : problem.changed(client, round);
  const { parameterCount, segments } = problem.model;
  const bias = segments.at(-1)!;
  const labels: number[] = [];
  for (let i = 0; i < objective.exampleCount; i++) {
    const losses: number[] = [];
    for (let k = 0; k < 5; k++) {
      const params = new Float64Array(parameterCount);
      params[bias.offset + k] = 20;
      losses.push(await objective.loss(params, Uint32Array.of(i)));
    }
    labels.push(losses.indexOf(Math.min(...losses)));
  }
  return labels;
}

describe('faults of data', () => {
  it('label-flip turns class y of K into K - 1 - y, or y + 1, for its clients, in its rounds, and not for others', async () => {
    const problem = await openProblem(
      await scenario({
        faults: [during(2, 4, labelFlip({ clients: [1] })), during(3, 4, labelFlip({ clients: [3], to: 'next' }))],
      }),
    );
    const own = await labelsOf(problem, 1, null);
    expect(new Set(own).size).to.equal(5);
    expect(await labelsOf(problem, 1, 2)).to.deep.equal(own.map((y) => 4 - y));
    for (const round of [0, 1, 4, 9]) expect(await labelsOf(problem, 1, round)).to.deep.equal(own);
    const third = await labelsOf(problem, 3, null);
    expect(await labelsOf(problem, 3, 2)).to.deep.equal(third);
    expect(await labelsOf(problem, 3, 3)).to.deep.equal(third.map((y) => (y + 1) % 5));
    expect(await labelsOf(problem, 2, 3)).to.deep.equal(await labelsOf(problem, 2, null));
  });

  it('label-noise replaces the stated share by other classes, the same ones in every round (2,000 labels, 4 standard errors)', async () => {
    const problem = await openProblem(await scenario({ faults: [labelNoise({ rate: 0.3 })] }));
    let wrong = 0;
    for (let client = 0; client < CLIENTS; client++) {
      const own = await labelsOf(problem, client, null);
      const noisy = await labelsOf(problem, client, 0);
      expect(await labelsOf(problem, client, 7)).to.deep.equal(noisy);
      wrong += noisy.filter((y, i) => y !== own[i]).length;
    }
    expect(wrong / 2_000).to.be.closeTo(0.3, 0.041);
  });

  it('label-noise with rates of their own differs between clients by more than one rate would', async () => {
    const problem = await openProblem(await scenario({ faults: [labelNoise({ rate: 1, rates: 'uniform' })] }));
    const shares: number[] = [];
    for (let client = 0; client < CLIENTS; client++) {
      const own = await labelsOf(problem, client, null);
      const noisy = await labelsOf(problem, client, 0);
      shares.push(noisy.filter((y, i) => y !== own[i]).length / own.length);
    }
    // U(0, 1): of ten the range is 0.82 on average; of one rate of 200 examples it is about 0.1.
    expect(Math.max(...shares) - Math.min(...shares)).to.be.greaterThan(0.4);
  });

  it('label-flip by four of ten harms the mean, and the median of what clients send less', async () => {
    const accuracy = async (more: Partial<ScenarioInput>) => {
      const run = await runTiny(await scenario(more), fedavg);
      return run.rows.at(-1)!.accuracy!;
    };
    const faults = [labelFlip({ clients: [0, 1, 2, 3], to: 'next' })];
    const clean = await accuracy({});
    const flipped = await accuracy({ faults });
    const robust = await accuracy({ faults, aggregators: { update: 'median' } });
    expect(flipped).to.be.lessThan(clean - 0.05);
    expect(robust).to.be.greaterThan(flipped);
  });

  it('concept-drift over four rounds changes a growing share of the labels, and a label that has changed stays so', async () => {
    const faults = [during(2, 9, conceptDrift({ clients: [1], over: 4, stages: 4 }))];
    const problem = await openProblem(await scenario({ faults }));
    const own = await labelsOf(problem, 1, null);
    const drifted = await Promise.all([1, 2, 3, 4, 5, 8, 9].map((round) => labelsOf(problem, 1, round)));
    const changed = drifted.map((labels) => labels.flatMap((y, i) => (y === own[i] ? [] : [i])));
    expect(changed[0]).to.deep.equal([]);
    for (const round of [1, 2, 3])
      for (const example of changed[round]!) expect(changed[round + 1]).to.include(example);
    expect(changed[2]!.length / own.length).to.be.closeTo(0.5, 0.15);
    expect(drifted[4]).to.deep.equal(own.map((y) => (y + 1) % 5));
    expect(drifted[5]).to.deep.equal(drifted[4]);
    expect(drifted[6]).to.deep.equal(own);
    expect(await labelsOf(problem, 2, 5)).to.deep.equal(await labelsOf(problem, 2, null));
  });

  it('concept-drift with a period comes and goes; with permutations clients differ', async () => {
    const faults = [conceptDrift({ to: 'permutation', period: 4 })];
    const problem = await openProblem(await scenario({ faults }));
    const whole = await Promise.all([0, 1, 2].map(async (client) => labelsOf(problem, client, 2)));
    const meanings = await Promise.all(
      [0, 1, 2].map(async (client) => {
        const own = await labelsOf(problem, client, null);
        const meaning = new Map(own.map((y, i) => [y, whole[client]![i]!]));
        expect(whole[client]).to.deep.equal(own.map((y) => meaning.get(y)));
        return [...meaning].sort().join(' ');
      }),
    );
    expect(new Set(meanings).size).to.be.greaterThan(1);
    expect(await labelsOf(problem, 0, 4)).to.deep.equal(await labelsOf(problem, 0, null));
    expect(await labelsOf(problem, 0, 6)).to.deep.equal(whole[0]);
  });

  it('feature-skew rotates, scales and shifts the examples of its clients alone, more from stage to stage', () => {
    const changed = (stage: number, given: object, values: readonly number[]) => {
      const rule = featureSkewFault.create(
        featureSkewFault.settings.parse('', { stages: 2, over: 2, ...given }),
        NO_STREAMS,
      );
      const example = Float32Array.from(values);
      rule.changesData!.features!(values.length, rootStream(1, 'float32').derive('own'), stage)(example);
      return [...example];
    };
    expect(changed(2, { rotation: 0.25 }, [1, 2, 3, 4, 5])).to.deep.equal([-3, -4, 1, 2, 5]);
    expect(changed(1, { rotation: 0.5 }, [1, 2, 3, 4, 5])).to.deep.equal([-3, -4, 1, 2, 5]);
    expect(changed(2, { rotation: -0.25, scale: 2 }, [1, 2, 3, 4])).to.deep.equal([6, 8, -2, -4]);
    expect(changed(1, { scale: 3 }, [1, 2])).to.deep.equal([2, 4]);
    const [half, whole] = [1, 2].map((stage) => changed(stage, { offset: 0.5 }, [0, 0, 0]));
    expect(whole!.map((x, j) => x / half![j]!)).to.deep.equal([2, 2, 2]);
    const rule = featureSkewFault.create(
      featureSkewFault.settings.parse('', { scale: 2, clients: [1], from: 3, over: 4 }),
      NO_STREAMS,
    );
    expect([2, 3, 6, 9].map((round) => rule.changesData!.concerns(1, round))).to.deep.equal([false, true, true, true]);
    expect([3, 6, 9].map((round) => rule.changesData!.stage!(round))).to.deep.equal([3, 10, 10]);
    expect(rule.changesData!.concerns(0, 6)).to.equal(false);
  });

  it('feature-walk adds one more step of the stated deviation to the mean of a client at each stage (10,000 features, 4 standard errors)', () => {
    const LENGTH = 10_000;
    const walk = (stage: number, given: object, client = 0, start = 0) => {
      const rule = featureWalkFault.create(featureWalkFault.settings.parse('', { stddev: 0.5, ...given }), NO_STREAMS);
      const example = new Float32Array(LENGTH).fill(start);
      rule.changesData!.features!(LENGTH, rootStream(1, 'float32').derive('own', client), stage)(example);
      return [...example];
    };
    const minus = (a: readonly number[], b: readonly number[]) => a.map((x, j) => x - b[j]!);
    const product = (a: readonly number[], b: readonly number[]) =>
      a.reduce((sum, x, j) => sum + x * b[j]!, 0) / LENGTH;
    const [first, second, third] = [1, 2, 3].map((stage) => walk(stage, {}));
    const steps = [first!, minus(second!, first!), minus(third!, second!)];
    for (const step of steps) expect(product(step, step)).to.be.closeTo(0.25, 0.25 * 4 * Math.sqrt(2 / LENGTH));
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const)
      expect(product(steps[a]!, steps[b]!)).to.be.closeTo(0, (0.25 * 4) / Math.sqrt(LENGTH));
    expect(product(first!, walk(1, {}, 1))).to.be.closeTo(0, (0.25 * 4) / Math.sqrt(LENGTH));
    const fours = walk(1, { everyRounds: 4 });
    for (const [j, x] of fours.slice(0, 9).entries()) expect(x).to.be.closeTo(2 * first![j]!, 1e-6);
    for (const [j, x] of walk(1, {}, 0, 3).slice(0, 9).entries()) expect(x).to.be.closeTo(3 + first![j]!, 1e-6);

    const given = { stddev: 1, clients: [1], from: 3, until: 9, everyRounds: 2 };
    const { concerns, stage } = featureWalkFault.create(featureWalkFault.settings.parse('', given), NO_STREAMS)
      .changesData!;
    expect([2, 3, 8, 9].map((round) => concerns(1, round))).to.deep.equal([false, true, true, false]);
    expect([3, 4, 5, 8].map((round) => stage!(round))).to.deep.equal([1, 1, 2, 3]);
    expect(concerns(0, 5)).to.equal(false);
  });

  it('clients are evaluated on drifted examples, held-out ones too, and on true labels under label-noise', async () => {
    const evaluated = async (faults: ScenarioInput['faults']) => {
      const problem = await openProblem(
        await scenario({ faults, evaluation: { perClient: { heldOut: 0.3 } } } as never),
      );
      const sure = new Float64Array(problem.model.parameterCount);
      sure[problem.model.segments.at(-1)!.offset + 2] = 20;
      return (await problem.evaluateClient(1, [sure], 3))!.accuracy!;
    };
    const problem = await openProblem(await scenario({ evaluation: { perClient: { heldOut: 0.3 } } } as never));
    const share = (label: number) => {
      const held = problem.heldOut!.at(1);
      return held.filter((example) => problem.dataset.train.labels[example] === label).length / held.length;
    };
    expect(await evaluated([])).to.equal(share(2));
    expect(await evaluated([conceptDrift()])).to.equal(share(1));
    expect(await evaluated([labelNoise({ rate: 1 })])).to.equal(share(2));
  });

  it('is refused for data without classes', async () => {
    const more = {
      objective: 'linear-regression',
      data: { name: 'linear-regression', examples: 40 },
      faults: [labelFlip({ clients: [1] })],
    };
    const error = await scenario(more as never)
      .then((resolved) => openProblem(resolved))
      .then(
        () => 'opened',
        (reason: Error) => reason.message,
      );
    expect(error).to.include('faults.0.fault: expected data of at least 2 classes');
  });
});

for (const [fault, settings] of [
  [conceptDriftFault, { over: 5 }],
  [featureSkewFault, { offset: 0.5, strengths: 'uniform' }],
  [featureWalkFault, { stddev: 0.5, everyRounds: 2 }],
  [labelFlipFault, { clients: [0, 1] }],
  [labelNoiseFault, { rate: 0.5 }],
] as const) {
  const claims = await claimsOf(fault, { settings: settings as never });
  describe(`the contract of the fault ${fault.name}`, () => {
    for (const { title, run } of claims) it(title, run);
  });
}
