import { expect } from 'chai';
import type { Vector } from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import { squaredDistance } from '../../protocol/numerics/vector.js';
import {
  combination,
  finalOf,
  gradientsAt,
  largestDifference,
  largestDifferenceOfAll,
  meanVector,
  mixed,
  runPeers,
  startingAt,
} from '../support/peer-run.js';

const STEP = 0.05;
const topTwoOfFive = { codec: { name: 'top-k', fraction: 0.4 } };

interface Iterate {
  readonly x: Vector;
}
const meanX = (states: readonly Iterate[]) => meanVector(states.map(({ x }) => x));

/** mean x moves by -step times the mean gradient at the old iterates, whatever compression leaves out. */
function meanFollowsMeanGradient(
  method: { readonly name: string },
  codecs: object,
  topology: string,
): Promise<unknown> {
  return runPeers<Iterate>(
    { method: { stepSize: STEP, ...method }, codecs: codecs as never, topology, rounds: 40 },
    {
      watch({ before, states }, workshop) {
        const gradient = meanVector(
          gradientsAt(
            workshop,
            before.map(({ x }) => x),
          ),
        );
        const expected = combination([1, meanX(before)], [-STEP, gradient]);
        expect(largestDifference(meanX(states), expected)).to.be.lessThan(1e-13);
      },
    },
  );
}

describe('choco-sgd', () => {
  for (const [links, topology] of [
    ['plain', 'ring'],
    ['acknowledged', 'ring'],
    ['acknowledged', 'random-matching'],
  ] as const)
    it(`${links}, ${topology}, top 2 of 5: the mean of x moves by -step times the mean gradient, to 1e-13`, () =>
      meanFollowsMeanGradient({ name: 'choco-sgd', links } as never, { residual: topTwoOfFive }, topology));

  it('without gradient steps it gossips to the average: mean squared distance below 1e-20 after 1500 rounds of top 2 of 5', async () => {
    const method = startingAt(
      await loadMethod('choco-sgd'),
      (client, initial) => initial.map((_, j) => Math.cos(3 * client + j) * (client + 1)) as Vector,
    );
    let start: Float64Array | null = null;
    const { states } = await runPeers<Iterate>(
      {
        method: { name: 'choco-sgd', stepSize: 0, mixing: 0.2 },
        codecs: { residual: topTwoOfFive },
        rounds: 1500,
      },
      {
        method,
        watch({ before }) {
          start ??= meanX(before);
        },
      },
    );
    for (const { x } of states) expect(squaredDistance(x, start!)).to.be.lessThan(1e-20);
  });

  it('stops at a bias on heterogeneous objectives: mean squared error above 1e-3', async () => {
    const method = { name: 'choco-sgd', stepSize: STEP };
    const run = await runPeers({ method, codecs: { residual: topTwoOfFive }, rounds: 800 });
    expect(finalOf(run, 'meanSquaredError')).to.be.greaterThan(1e-3);
  });
});

describe('deepsqueeze', () => {
  for (const topology of ['ring', 'random-matching', 'one-peer-exponential'])
    it(`${topology}, top 2 of 5: the mean of x moves by -step times the mean gradient, to 1e-13`, () =>
      meanFollowsMeanGradient({ name: 'deepsqueeze' }, { iterate: topTwoOfFive }, topology));

  it('stops at a bias on heterogeneous objectives: mean squared error between 1e-3 and 10', async () => {
    const run = await runPeers({
      method: { name: 'deepsqueeze', stepSize: STEP },
      codecs: { iterate: topTwoOfFive },
      rounds: 800,
    });
    expect(finalOf(run, 'meanSquaredError')).to.be.within(1e-3, 10);
  });
});

describe('lead', () => {
  interface Peer extends Iterate {
    readonly dual: Vector;
    readonly reference: Vector;
    readonly mixedReference: Vector;
  }
  const codecs = { difference: { codec: { name: 'qsgd', levels: 4 } } };

  it('quantised to 4 levels: the duals sum to 0 and the mixed reference is W times the references, to 1e-12', async () => {
    await runPeers<Peer>(
      { method: { name: 'lead', stepSize: 0.1 }, codecs, rounds: 60 },
      {
        watch({ states, mixing }) {
          expect(Math.max(...meanVector(states.map(({ dual }) => dual)).map(Math.abs))).to.be.lessThan(1e-12);
          const references = mixed(
            mixing,
            states.map(({ reference }) => reference),
          );
          const kept = states.map(({ mixedReference }) => mixedReference);
          expect(largestDifferenceOfAll(kept, references)).to.be.lessThan(1e-12);
        },
      },
    );
  });

  it('quantised to 4 levels it is exact: mean squared error below 1e-15 after 2000 rounds', async () => {
    const run = await runPeers({ method: { name: 'lead', stepSize: 0.1 }, codecs, rounds: 2000 });
    expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(1e-15);
  });
});

describe('beer', () => {
  interface Peer extends Iterate {
    readonly v: Vector;
    readonly gradient: Vector;
  }
  const codecs = { iterate: topTwoOfFive, tracker: topTwoOfFive };

  for (const [links, topology] of [
    ['plain', 'ring'],
    ['acknowledged', 'ring'],
    ['acknowledged', 'random-matching'],
  ] as const)
    it(`${links}, ${topology}, top 2 of 5: mean v = mean gradient after every round, to 1e-13`, async () => {
      await runPeers<Peer>(
        { method: { name: 'beer', stepSize: STEP, links }, codecs, topology, rounds: 60 },
        {
          watch({ states }) {
            const v = meanVector(states.map((state) => state.v));
            expect(largestDifference(v, meanVector(states.map((state) => state.gradient)))).to.be.lessThan(1e-13);
          },
        },
      );
    });

  it('with top 2 of 5 it is exact: mean squared error below 1e-12 after 1500 rounds', async () => {
    const run = await runPeers({ method: { name: 'beer', stepSize: STEP }, codecs, rounds: 1500 });
    expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(1e-12);
  });
});
