import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import fedavg from '../../../protocol/methods/federated/fedavg.js';
import scaffold from '../../../protocol/methods/federated/scaffold.js';
import { lossyNetwork } from '../../../scenarios/check/parts/networks.js';
import { inOneProcess, localPlacement } from '../../../scenarios/check/parts/placements.js';
import { claimed, claiming } from '../../support/claimed-examples.js';
import { largestDistance, type QuadraticRun, runQuadratic } from '../../support/quadratic-runs.js';

const settings = { localSteps: 10, batchSize: 1, clientLearningRate: 0.1 };

/** Largest coordinate of c - mean c_i after each round; a client that was never invited has c_i = 0. */
function controlErrors(run: QuadraticRun, rounds: number): number[] {
  return Array.from({ length: rounds }, (_, index) => {
    const { control } = run.stateAfter<{ readonly control: Vector }>(index + 1, 'coordinator')!;
    let largest = 0;
    for (let j = 0; j < run.dimension; j++) {
      let mean = 0;
      for (let client = 0; client < run.clients; client++)
        mean += (run.stateAfter<{ readonly control: Vector }>(index + 1, client)?.control[j] ?? 0) / run.clients;
      largest = Math.max(largest, Math.abs(control[j]! - mean));
    }
    return largest;
  });
}

describe('SCAFFOLD', () => {
  const everyRound = { rounds: 20, checkpoints: { everyRounds: 1 } };
  for (const [who, more, placement] of [
    ['all clients in every round', {}, inOneProcess],
    ['3 of 8 clients a round', { participation: { cohort: 3 } }, inOneProcess],
    ['30 % of all messages lost', {}, localPlacement('lossy', 'fast', null, lossyNetwork(0.3))],
    ['updates quantised on their way', { codecs: { update: 'qsgd' } }, inOneProcess],
  ] as const)
    it(`keeps c = mean c_i after every round to 1e-14, with ${who}`, async () => {
      const run = await runQuadratic(scaffold, settings, { ...everyRound, ...more }, { placement });
      const { control } = run.stateAfter<{ readonly control: Vector }>(20, 0)!;
      expect(Math.max(...control.map(Math.abs)), 'controls that are not zero').to.be.greaterThan(0.1);
      expect(Math.max(...controlErrors(run, 20))).to.be.lessThan(1e-14);
    });

  it('is exact for clients that differ: excess loss below 1e-29 where FedAvg stalls above 1e-3 (8 clients, K = 10)', async () => {
    const rounds = 200;
    const last = async (run: Promise<QuadraticRun>) => (await run).losses.at(-1)!;
    expect(await last(runQuadratic(scaffold, settings, { rounds }))).to.be.lessThan(1e-29);
    const { localSteps: localEpochs, ...rest } = settings;
    expect(await last(runQuadratic(fedavg, { localEpochs, ...rest }, { rounds }))).to.be.greaterThan(1e-3);
  });

  it('minimises the mean over clients, or over examples where it says so, whatever takes part', async () => {
    for (const weighting of ['clients', 'examples'])
      for (const participation of [{ cohort: 'all' as const }, { cohort: 5 }]) {
        const more = { rounds: 600, participation };
        const run = await runQuadratic(scaffold, { ...settings, weighting }, more, { objectiveOf: claiming });
        const weight = weighting === 'clients' ? () => 1 : claimed;
        const optimum = Float64Array.from({ length: run.dimension }, (_, j) => {
          let above = 0;
          let below = 0;
          for (let client = 0; client < run.clients; client++) {
            above += weight(client) * run.curvature(client, j) * run.centre(client, j);
            below += weight(client) * run.curvature(client, j);
          }
          return above / below;
        });
        expect(largestDistance(run.result.estimates[0]!, optimum), weighting).to.be.lessThan(1e-10);
      }
  });
});
