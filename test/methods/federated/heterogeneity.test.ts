import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import fedavg from '../../../protocol/methods/federated/fedavg.js';
import feddyn from '../../../protocol/methods/federated/feddyn.js';
import fednova from '../../../protocol/methods/federated/fednova.js';
import mifa from '../../../protocol/methods/federated/mifa.js';
import mime from '../../../protocol/methods/federated/mime.js';
import { lossyNetwork } from '../../../scenarios/check/parts/networks.js';
import { inOneProcess, localPlacement } from '../../../scenarios/check/parts/placements.js';
import { type QuadraticRun, runQuadratic } from '../../support/quadratic-runs.js';

const last = async (run: Promise<QuadraticRun>) => (await run).losses.at(-1)!;

/** Largest coordinate of |server - mean over all clients| at the end; a client that was never invited has 0. */
function largestGap<S>(
  run: QuadraticRun,
  round: number,
  server: (state: S) => Vector,
  client: (state: S) => Vector,
): number {
  const whole = server(run.stateAfter<S>(round, 'coordinator')!);
  let largest = 0;
  for (let j = 0; j < run.dimension; j++) {
    let mean = 0;
    for (let i = 0; i < run.clients; i++) {
      const own = run.stateAfter<S>(round, i);
      if (own) mean += client(own)[j]! / run.clients;
    }
    largest = Math.max(largest, Math.abs(whole[j]! - mean));
  }
  return largest;
}

const DISTURBED = [
  ['all clients in every round', {}, inOneProcess],
  ['3 of 8 clients a round', { participation: { cohort: 3 } }, inOneProcess],
  ['30 % of all messages lost', {}, localPlacement('lossy', 'fast', null, lossyNetwork(0.3))],
  ['updates quantised on their way', { codecs: { update: 'qsgd' } }, inOneProcess],
] as const;

describe('FedDyn', () => {
  const settings = { alpha: 0.5, localSteps: 10, batchSize: 1, clientLearningRate: 0.1 };
  for (const [who, more, placement] of DISTURBED)
    it(`keeps h = mean h_i to 1e-13, with ${who}`, async () => {
      const everyRound = { rounds: 20, checkpoints: { everyRounds: 1 } };
      const run = await runQuadratic(feddyn, settings, { ...everyRound, ...more }, { placement });
      type State = { readonly gradient: Vector };
      const of = ({ gradient }: State) => gradient;
      expect(Math.max(...of(run.stateAfter<State>(20, 'coordinator')!).map(Math.abs))).to.be.above(1e-4);
      expect(largestGap<State>(run, 20, of, of)).to.be.below(1e-13);
    });

  it('is exact for clients that differ: excess loss below 1e-20 after 400 rounds where FedAvg stalls above 1e-3', async () => {
    const rounds = 400;
    expect(await last(runQuadratic(feddyn, settings, { rounds }))).to.be.below(1e-20);
    const plain = { localEpochs: 10, batchSize: 1, clientLearningRate: 0.1 };
    expect(await last(runQuadratic(fedavg, plain, { rounds }))).to.be.above(1e-3);
  });
});

describe('MIFA', () => {
  const settings = { localEpochs: 1, batchSize: 1, clientLearningRate: 0.05 };
  for (const [who, more, placement] of DISTURBED)
    it(`the server’s mean is that of what clients memorised, to 1e-13, with ${who}`, async () => {
      const everyRound = { rounds: 20, checkpoints: { everyRounds: 1 } };
      const run = await runQuadratic(mifa, settings, { ...everyRound, ...more }, { placement });
      type State = { readonly mean: Vector; readonly last: Vector };
      expect(
        largestGap<State>(
          run,
          20,
          ({ mean }) => mean,
          ({ last: own }) => own,
        ),
      ).to.be.below(1e-13);
    });

  it('clients that are away for long stretches do not bias it: below 1e-10 where FedAvg stays above 1e-3', async () => {
    // Half of the clients are on for 10 rounds in 40 on average, the others always.
    const away = [{ fault: 'availability', clients: [0, 1, 2, 3], onToOff: 0.1, offToOn: 1 / 30 }];
    const rounds = 1500;
    const settings = { localEpochs: 1, batchSize: 1, clientLearningRate: 0.1 };
    expect(await last(runQuadratic(mifa, settings, { rounds, faults: away }))).to.be.below(1e-10);
    expect(await last(runQuadratic(fedavg, settings, { rounds, faults: away }))).to.be.above(1e-3);
  });
});

describe('FedNova', () => {
  it('with equal numbers of steps is FedAvg, to 1e-12', async () => {
    const settings = { localEpochs: 5, batchSize: 1, clientLearningRate: 0.1 };
    const nova = await runQuadratic(fednova, settings, { rounds: 30 });
    const average = await runQuadratic(fedavg, settings, { rounds: 30 });
    expect(nova.losses.at(-1)!).to.be.closeTo(average.losses.at(-1)!, 1e-12);
    expect(nova.losses.at(-1)!).to.be.above(1e-3);
  });

  it('clients of 1 to 20 epochs: its bias is that of the step size alone, 20 times below normalisation left out', async () => {
    // Small steps: what is left is the objective that is minimised, sum p_i f_i or sum p_i tau_i f_i.
    const settings = { localEpochs: 1, mostLocalEpochs: 20, batchSize: 1, clientLearningRate: 0.002 };
    const run = await runQuadratic(fednova, settings, { rounds: 3000 });
    // The same seed: the same number of epochs for each client.
    const first = await runQuadratic(fednova, settings, { rounds: 1, checkpoints: { everyRounds: 1 } });
    const taus = Array.from(
      { length: run.clients },
      (_, i) => first.stateAfter<{ readonly epochs: number }>(1, i)!.epochs,
    );
    expect(new Set(taus).size).to.be.above(3);
    // FedAvg's fixed point at vanishing steps: weights tau_i.
    let inconsistent = 0;
    for (let j = 0; j < run.dimension; j++) {
      const curvature = taus.map((_, i) => run.curvature(i, j));
      const of = (weights: readonly number[]) =>
        weights.reduce((sum, w, i) => sum + w * curvature[i]! * run.centre(i, j), 0) /
        weights.reduce((sum, w, i) => sum + w * curvature[i]!, 0);
      const mean = curvature.reduce((a, b) => a + b) / curvature.length;
      inconsistent += (mean * (of(taus) - of(taus.map(() => 1))) ** 2) / 2;
    }
    expect(inconsistent).to.be.above(0.01);
    expect(run.losses.at(-1)!).to.be.below(inconsistent / 20);
  });

  it('momentum 0.5 and four steps: the gradients count 1.875 + 1.75 + 1.5 + 1 = 6.125 times', async () => {
    const settings = { localEpochs: 4, batchSize: 1, clientLearningRate: 0.1, momentum: 0.5 };
    const { result } = await runQuadratic(fednova, settings, { rounds: 1 });
    expect(result).to.not.equal(undefined);
    const direct = await runQuadratic(
      fednova,
      { ...settings, clientLearningRate: 1e-9 },
      { rounds: 1, checkpoints: { everyRounds: 1 } },
    );
    // At a vanishing step all gradients are those at x: x moves by eta 6.125 times the mean gradient.
    const { params } = direct.stateAfter<{ readonly params: Vector }>(1, 'coordinator')!;
    for (let j = 0; j < direct.dimension; j++) {
      let gradient = 0;
      for (let i = 0; i < direct.clients; i++)
        gradient += (direct.curvature(i, j) * (direct.initial[j]! - direct.centre(i, j))) / direct.clients;
      expect((direct.initial[j]! - params[j]!) / 1e-9 / gradient).to.be.closeTo(6.125, 1e-5);
    }
  });
});

describe('Mime', () => {
  it('is exact for clients that differ where MimeLite and FedAvg keep a bias (full local gradients)', async () => {
    const settings = { localSteps: 5, batchSize: 1, clientLearningRate: 0.1, momentum: 0.5 };
    const rounds = 400;
    // One example a client: the local gradient is exact, and so is grad f_i(y) - grad f_i(x) + c near the optimum to first order.
    const corrected = await last(runQuadratic(mime, settings, { rounds }));
    const lite = await last(runQuadratic(mime, { ...settings, correction: false }, { rounds }));
    expect(corrected).to.be.below(1e-20);
    expect(lite).to.be.above(1e-4);
  });

  it('one local step is a step of momentum SGD on the mean gradient, to 1e-13', async () => {
    const settings = { localSteps: 1, batchSize: 1, clientLearningRate: 0.1, momentum: 0.9 };
    const run = await runQuadratic(mime, settings, { rounds: 12, checkpoints: { everyRounds: 1 } });
    const x = Float64Array.from(run.initial);
    const m = new Float64Array(run.dimension);
    for (let round = 0; round < 12; round++)
      for (let j = 0; j < run.dimension; j++) {
        let gradient = 0;
        for (let i = 0; i < run.clients; i++)
          gradient += (run.curvature(i, j) * (x[j]! - run.centre(i, j))) / run.clients;
        const step = 0.1 * gradient + 0.9 * m[j]!;
        m[j] = step;
        x[j] = x[j]! - 0.1 * step;
      }
    const { params } = run.stateAfter<{ readonly params: Vector }>(12, 'coordinator')!;
    for (let j = 0; j < run.dimension; j++) expect(params[j]!).to.be.closeTo(x[j]!, 1e-13);
  });
});
