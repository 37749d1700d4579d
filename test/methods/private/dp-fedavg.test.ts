import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import dpFedavg from '../../../protocol/methods/private/dp-fedavg.js';
import dpFedavgSecure from '../../../protocol/methods/private/dp-fedavg-secure.js';
import { norm, squaredDistance } from '../../../protocol/numerics/vector.js';
import { account } from '../../../protocol/privacy/accounting/account.js';
import type { Json, Scenario } from '../../../protocol/scenario/scenario.js';
import { openProblem } from '../../../worker/problem.js';
import { tinyRun, tinyScenario } from '../../support/tiny-run.js';

function digits(name: string, method: Record<string, Json>, changes: Partial<Scenario> = {}): Scenario {
  return tinyScenario(name, {
    method: { name, ...method },
    objective: { name: 'softmax-regression', l2: 0, bias: true },
    data: { name: 'gaussian-clusters', classes: 3, examples: 60, testExamples: 9, partition: { name: 'iid' } },
    clients: 6,
    precision: 'float64',
    rounds: 4,
    ...changes,
  });
}

const stateOf = (run: Awaited<ReturnType<typeof tinyRun>>) =>
  run.records.get('coordinator')!.state as { readonly params: Vector; readonly radius: number };
const distance = (a: Vector, b: Vector) => Math.sqrt(squaredDistance(a, b)) / norm(b);

describe('protocol/methods/dp-fedavg', () => {
  const local = { localEpochs: 2, batchSize: 4, clientLearningRate: 0.1 };

  it('without noise and clipping, with all clients and equal shards, it is FedAvg to 1e-12', async () => {
    const a = await tinyRun(digits('dp-fedavg', { ...local, noiseMultiplier: 0, clippingRadius: 1e200 }));
    const b = await tinyRun(digits('fedavg', local));
    expect(distance(stateOf(a).params, stateOf(b).params)).to.be.below(1e-12);
  });

  it('epsilon is that of the accountant: a Poisson cohort of half the clients amplifies, one of fixed size does not', async () => {
    for (const [sampling, q] of [
      ['poisson', 0.5],
      ['fixed', 1],
    ] as const) {
      const participation = { cohort: 3, sampling, quorum: null, deadlineMs: null } as const;
      const run = await tinyRun(digits('dp-fedavg', { ...local, noiseMultiplier: 1.5 }, { participation }));
      const asked = account({ delta: 1e-5, sampling: q, noiseMultiplier: 1.5, steps: 4, method: 'auto' });
      expect(run.rows.at(-1)!.extra.epsilon, sampling).to.be.closeTo(asked.epsilon, 1e-12);
    }
  });

  it('one client whose data change arbitrarily moves the sum by at most S over the expected count, and no further', async () => {
    const method = { ...local, noiseMultiplier: 0, clippingRadius: 0.05 };
    const run = async (clientLearningRate: number) =>
      stateOf(await tinyRun(digits('dp-fedavg', { ...method, clientLearningRate }, { rounds: 1, clients: 1 }))).params;
    const start = (await openProblem(digits('dp-fedavg', method, { clients: 1 }))).model.initialParams;
    for (const rate of [0.1, 100])
      expect(Math.sqrt(squaredDistance(await run(rate), start))).to.be.closeTo(0.05, 1e-12);
  });

  it('the adaptive radius is one release with the value: epsilon is unchanged, and the radius falls towards the norms', async () => {
    const method = { ...local, clippingRadius: 50, noiseMultiplier: 0.05, radiusRate: 0.5 };
    const fixed = await tinyRun(digits('dp-fedavg', method));
    const adaptive = await tinyRun(digits('dp-fedavg', { ...method, adaptive: true }));
    expect(adaptive.rows.at(-1)!.extra.epsilon).to.be.closeTo(fixed.rows.at(-1)!.extra.epsilon!, 1e-6);
    expect(stateOf(fixed).radius).to.equal(50);
    expect(stateOf(adaptive).radius).to.be.below(50 * Math.exp(-0.2 * 4));
  });

  it('secure aggregation without noise gives the plain sum within its grid, to 1e-3 over 4 rounds', async () => {
    const method = { ...local, noiseMultiplier: 0, clippingRadius: 2 };
    const plain = await tinyRun(digits('dp-fedavg', method));
    const secure = await tinyRun(digits('dp-fedavg-secure', { ...method, bits: 24 }));
    expect(distance(stateOf(secure).params, stateOf(plain).params)).to.be.below(1e-3);
    expect(secure.rows.at(-1)!.extra).to.include({ survivors: 6, recovered: 0, aborted: 0 });
  });

  it('keys come from the operating system, sums are exact: two secure runs, and one over processes, have equal bits', async () => {
    const scenario = digits('dp-fedavg-secure', { ...local, noiseMultiplier: 2 }, { rounds: 2 });
    const one = await tinyRun(scenario);
    expect((await tinyRun(scenario)).states).to.deep.equal(one.states);
    expect(
      (
        await tinyRun(scenario, {
          hosts: [
            [0, 5],
            [1, 2, 3, 4],
          ],
        })
      ).states,
    ).to.deep.equal(one.states);
    expect(one.rows.at(-1)!.extra.epsilon).to.be.above(0);
  });

  it('a client whose masked update is lost is left out of the sum and its masks are rebuilt; too many and nothing moves', async () => {
    const lost = (senders: readonly number[]) =>
      digits(
        'dp-fedavg-secure',
        { ...local, noiseMultiplier: 0, bits: 24, clippingRadius: 2 },
        {
          rounds: 1,
          faults: [
            {
              fault: 'drop',
              from: 0,
              until: null,
              kind: 'masked',
              senders,
              receivers: 'all',
              direction: 'all',
              probability: 1,
            },
          ],
        },
      );
    const one = await tinyRun(lost([4]));
    expect(one.rows[0]!.extra).to.include({ survivors: 5, recovered: 1, aborted: 0 });
    const many = await tinyRun(lost([0, 1, 2]));
    expect(many.rows[0]!.extra.aborted).to.equal(1);
    expect(stateOf(many).params).to.deep.equal((await openProblem(lost([4]))).model.initialParams);
  });

  it('refuses bits of adaptive clipping by layer, noise without a radius, and a surviving share of half', () => {
    const check = (over: object) => () => dpFedavg.settings!.parse('method', over);
    expect(check({ adaptive: true, clipping: 'per-layer' })).to.throw(/method\.adaptive/);
    expect(check({ clippingRadius: 1e200 })).to.throw(/method\.clippingRadius: expected a finite radius/);
    expect(check({ clippingRadius: 1e200, noiseMultiplier: 0 })).not.to.throw();
    const secure = (over: object) => () => dpFedavgSecure.settings!.parse('method', over);
    expect(secure({ survivingShare: 0.5 })).to.throw(/method\.survivingShare/);
    expect(secure({ clippingRadius: 1e200, noiseMultiplier: 0 })).to.throw(/method\.clippingRadius/);
  });
});
