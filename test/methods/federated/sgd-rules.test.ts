import '../../support/loaded-rules.js';
import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import sgd from '../../../protocol/methods/federated/sgd.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { norm, subtract } from '../../../protocol/numerics/vector.js';
import { loadOptimizer } from '../../../protocol/optimizers/load-optimizer.js';
import { openProblem } from '../../../worker/problem.js';
import { scriptedCoordinator } from '../../support/scripted-coordinator.js';
import { resolved, runInput } from '../../support/scripted-run.js';

const stream = rootStream(41, 'float64');
const segments = [{ name: 'w', module: 'w', offset: 0, shape: [3, 4] }];
const start = stream.derive('start').normal(12);
const gradient = (...path: (string | number)[]) => stream.derive(...path).normal(12);
const mean = (vectors: readonly Vector[]) =>
  vectors[0]!.map((_, j) => vectors.reduce((sum, v) => sum + v[j]! / vectors.length, 0)) as Vector;

describe('protocol/methods/sgd', () => {
  it('MARS exact steps on the current batches at the previous parameters, which cost a second float a parameter each way', async () => {
    const input = {
      name: 'mars-exact',
      method: {
        name: 'sgd',
        batchSize: 6,
        optimizer: { name: 'mars', variant: 'exact', learningRate: 0.05, gamma: 0.5, vectorRule: 'mars' },
      },
      objective: { name: 'linear-regression' },
      data: { name: 'linear-regression', examples: 6, testExamples: 50 },
      clients: 1,
      rounds: 6,
      precision: 'float64' as const,
    };
    // One client that always draws all its six examples: the same loop by hand.
    const scenario = await resolved(input);
    const { family, model, objectiveOf } = await openProblem(scenario);
    const rule = loadOptimizer(input.method.optimizer, model.segments);
    const all = Uint32Array.of(0, 1, 2, 3, 4, 5);
    let [params, previous] = [model.initialParams, model.initialParams];
    let state = rule.init(params.length);
    const losses: number[] = [];
    for (let t = 0; t < 6; t++) {
      const gradientAtPrevious = await objectiveOf(0).gradient(previous, all);
      const now = await objectiveOf(0).gradient(params, all);
      const [next, after] = rule.update(now, state, params, { gradientAtPrevious });
      [previous, params, state] = [params, next, after];
      losses.push((await family.evaluate([params])).loss);
    }
    const { rows } = (await runInput(input)).record;
    for (const [t, { loss }] of rows.entries()) expect(loss).to.be.closeTo(losses[t]!, 1e-12);
    const { optimizer: _, ...plain } = input.method;
    const once = (await runInput({ ...input, method: plain })).record.rows[0]!;
    const body = 8 * model.segments.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    for (const way of ['bytesUp', 'bytesDown'] as const)
      expect(rows[0]![way] - once[way]).to.be.within(body, body + 100);
  });

  it("LANTON's second option gets a gradient whose distance from the mean has the law of two independent ones", async () => {
    const given = { optimizer: { name: 'lanton', noise: 'independent', beta2: 0 } };
    const list = Array.from({ length: 8 }, (_, from) => ({ from, examples: 4, gradient: gradient('g', from) }));
    const [step] = await scriptedCoordinator(sgd, given, segments, start, [{ received: { gradient: list } }]);
    const { noise } = step!.state.optimizer as { noise: Float64Array };
    // Nuclear norm^2 of a 3 x 4 matrix whose entries have variance 2 / 8; between |.|_F^2 and 3 |.|_F^2.
    expect(noise[0]).to.be.within(0.3 * 12 * 0.25, 3 * 2.5 * 12 * 0.25);
    const [alone] = await scriptedCoordinator(sgd, given, segments, start, [
      { received: { gradient: list.slice(0, 1) } },
    ]);
    expect(alone!.params, 'one client has no halves: the round changes nothing').to.deep.equal(start);
  });

  it('Discover: client i is of cluster i mod clusterCount; with all of them received, momentum bit for bit, with some not', async () => {
    const settings = { learningRate: 0.1, momentum: 0.5 };
    const script = (received: readonly number[]) =>
      [0, 1, 2].map((t) => ({
        received: { gradient: received.map((from) => ({ from, examples: 4, gradient: gradient(t, from) })) },
      }));
    const paths = async (optimizer: object, clients: readonly number[]) =>
      (await scriptedCoordinator(sgd, { optimizer }, segments, start, script(clients))).map(({ params }) => params);
    const discover = { name: 'discover', clusterCount: 4, ...settings };
    const momentum = { name: 'momentum', ...settings };
    expect(await paths(discover, [0, 1, 2, 3])).to.deep.equal(await paths(momentum, [0, 1, 2, 3]));
    const [ours, base] = [await paths(discover, [1, 2, 6]), await paths(momentum, [1, 2, 6])];
    expect(ours[0]).to.deep.equal(base[0]);
    expect(norm(subtract(ours[2]!, base[2]!))).to.be.above(1e-3);
    const [first] = await scriptedCoordinator(
      sgd,
      { optimizer: discover },
      segments,
      start,
      script([2, 6]).slice(0, 1),
    );
    const { memories } = first!.state.optimizer as { memories: Vector[] };
    const adapted = mean([gradient(0, 2), gradient(0, 6)]).map((x) => 0.1 * x);
    expect(norm(subtract(memories[2]!, adapted as Vector))).to.be.below(1e-14);
  });

  it('tensorClipping bounds the mean by tensor', async () => {
    const layout = [
      { name: 'a', module: 'a', offset: 0, shape: [4] },
      { name: 'b', module: 'b', offset: 4, shape: [8] },
    ];
    const received = { gradient: [{ from: 0, examples: 2, gradient: gradient('g') }] };
    const moved = async (given: object) => {
      const optimizer = { name: 'sgd', learningRate: 1 };
      const [step] = await scriptedCoordinator(sgd, { optimizer, ...given }, layout, start, [{ received }]);
      return subtract(start, step!.params);
    };
    const plain = await moved({});
    const clipped = await moved({ tensorClipping: { threshold: 0.01, site: 'coordinator' } });
    expect(norm(clipped.subarray(0, 4))).to.be.closeTo(0.01, 1e-6);
    expect(norm(clipped.subarray(4))).to.be.closeTo(0.01, 1e-6);
    expect(await moved({ tensorClipping: { threshold: 0.01, site: 'clients' } })).to.deep.equal(plain);
  });
});
