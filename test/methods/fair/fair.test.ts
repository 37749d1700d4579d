import { expect } from 'chai';
import type { ReadonlyVector } from '../../../protocol/method.js';
import afl from '../../../protocol/methods/fair/afl.js';
import prospect from '../../../protocol/methods/fair/prospect.js';
import qffl from '../../../protocol/methods/fair/q-ffl.js';
import fedavg from '../../../protocol/methods/federated/fedavg.js';
import { type QuadraticRun, runQuadratic } from '../../support/quadratic-runs.js';

/** f_i = (x - c_i)^2 / 2 at 0, 0, 0, 4: the mean is least at 1, the largest of all at 2. */
const ONE_APART = {
  clients: 4,
  objective: { dimension: 1, matrices: [[1], [1], [1], [1]], centres: [[0], [0], [0], [4]], initialValue: 3 },
};
const endOf = (run: QuadraticRun, rounds: number) =>
  run.stateAfter<{ readonly params: ReadonlyVector }>(rounds, 'coordinator')!.params[0]!;

describe('q-FFL', () => {
  const settings = { localEpochs: 3, batchSize: 1, clientLearningRate: 0.1 };

  it('with q = 0 is FedAvg for shards of equal size', async () => {
    const fair = await runQuadratic(qffl, { ...settings, q: 0 }, { rounds: 30 });
    const plain = await runQuadratic(fedavg, settings, { rounds: 30 });
    expect(fair.losses.at(-1)).to.be.closeTo(plain.losses.at(-1)!, 1e-10);
  });

  it('a power of the loss that no number holds is named: its update was refused, and nothing was learnt', async () => {
    for (const q of [1e6, 3000]) {
      const ended = await runQuadratic(qffl, { ...settings, q }, { ...ONE_APART, rounds: 2 }).catch(
        ({ message }: Error) => message,
      );
      expect(ended).to.match(/^ERR_NOT_FINITE: q-ffl: client \d: expected a power of the loss [\d.]+ .*: lower q$/);
    }
  });

  it('with q = 1 ends where sum (x - c_i)^3 = 0, and with q = 5 nearer to the smallest maximum', async () => {
    // 3 x^3 = (4 - x)^3
    const root = 4 / (1 + 3 ** (1 / 3));
    const rounds = 3000;
    const of = async (q: number) =>
      endOf(await runQuadratic(qffl, { ...settings, localEpochs: 1, q }, { ...ONE_APART, rounds }), rounds);
    const one = await of(1);
    expect(one).to.be.closeTo(root, 1e-6);
    expect(Math.abs((await of(5)) - 2)).to.be.below(Math.abs(one - 2) / 2);
  });
});

describe('agnostic federated learning', () => {
  it('ends where the largest loss is least, and its weights are those of the two that meet there', async () => {
    const rounds = 6000;
    const run = await runQuadratic(afl, { learningRate: 0.05, weightLearningRate: 0.02 }, { ...ONE_APART, rounds });
    expect(endOf(run, rounds)).to.be.closeTo(2, 1e-6);
    const { weights } = run.stateAfter<{ readonly weights: Float64Array }>(rounds, 'coordinator')!;
    expect(weights[3]).to.be.closeTo(0.5, 1e-6);
    expect(weights.reduce((sum, weight) => sum + weight)).to.be.closeTo(1, 1e-12);
  });
});

describe('Prospect over clients', () => {
  const rounds = 400;

  it('with equal weights is gradient descent on the mean', async () => {
    const run = await runQuadratic(prospect, { spectrum: 'mean', learningRate: 0.5 }, { ...ONE_APART, rounds: 3 });
    expect(endOf(run, 3)).to.be.closeTo(1 + 2 * 0.5 ** 3, 1e-12);
  });

  it('CVaR of the worst quarter with a shift cost ends at the closed form', async () => {
    // Three equal losses a = x^2/2 and one b = (4 - x)^2/2; at the end q_4 = x / 4, and q_4 = 1/4 + (3/4) (b - a) / c below its bound.
    const c = 4;
    const x = (1 / 4 + (3 / 4) * (8 / c)) / (1 / 4 + (3 / 4) * (4 / c));
    const settings = { spectrum: 'cvar', level: 0.75, shiftCost: c, learningRate: 0.2 };
    expect(endOf(await runQuadratic(prospect, settings, { ...ONE_APART, rounds }), rounds)).to.be.closeTo(x, 1e-9);
  });

  it('with one client of four a round ends at the same point: the table removes the noise of sampling', async () => {
    const settings = { spectrum: 'mean', learningRate: 0.1 };
    const sampled = { ...ONE_APART, participation: { cohort: 1 }, rounds };
    expect(endOf(await runQuadratic(prospect, settings, sampled), rounds)).to.be.closeTo(1, 1e-6);
  });

  it('the proximal step shrinks the end to 1 / (1 + mu)', async () => {
    const settings = { spectrum: 'mean', learningRate: 0.5, l2: 0.25 };
    expect(endOf(await runQuadratic(prospect, settings, { ...ONE_APART, rounds }), rounds)).to.be.closeTo(0.8, 1e-9);
  });
});
