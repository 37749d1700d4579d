import { expect } from 'chai';
import type { Segment, Vector } from '../../../protocol/method.js';
import { BlockCosines } from '../../../protocol/methods/compressed/parts/block-cosines.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { norm } from '../../../protocol/numerics/vector.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { tinyRun, tinyScenario } from '../../support/tiny-run.js';

const SEGMENTS: readonly Segment[] = [
  { name: 'kernel', module: 'a', offset: 0, shape: [5, 4] },
  { name: 'bias', module: 'a', offset: 20, shape: [3] },
];

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).to.equal(expected.length);
  for (let i = 0; i < actual.length; i++) expect(actual[i]).to.be.closeTo(expected[i]!, tolerance);
}

describe('the cosine transform of DeMo, block by block', () => {
  const cosines = new BlockCosines(SEGMENTS, 8);
  const x = rootStream(3, 'float64').derive('x').normal(23);

  it('keeps lengths and is undone by its inverse, to 1e-13; no block reaches into the next tensor', () => {
    const components = cosines.forward(x);
    expect(norm(components)).to.be.closeTo(norm(x), 1e-13);
    expectNear(cosines.inverse(components), x, 1e-13);
    const ones = new Float64Array(23).fill(1);
    expectNear(cosines.forward(cosines.inverse(ones)), ones, 1e-13);
    const bias = cosines.forward(x.map((value, i) => (i >= 20 ? value : 0)));
    expect([...bias.subarray(0, 20)]).to.deep.equal(new Array(20).fill(0));
  });

  it('has cos(pi (2 i + 1) k / 2 n) in component k, and all of a constant in component 0', () => {
    const wave = Float64Array.from({ length: 23 }, (_, i) => (i < 8 ? Math.cos((Math.PI * (2 * i + 1) * 3) / 16) : 0));
    expectNear(
      cosines.forward(wave),
      wave.map((_, k) => (k === 3 ? 2 : 0)),
      1e-13,
    );
    const constant = cosines.forward(new Float64Array(23).fill(1));
    const sizes: Record<number, number> = { 0: 8, 8: 8, 16: 4, 20: 3 };
    expectNear(
      constant,
      constant.map((_, k) => Math.sqrt(sizes[k] ?? 0)),
      1e-13,
    );
  });
});

describe('DeMo', () => {
  function run(method: Scenario['method'], rounds: number, changes: Partial<Scenario> = {}) {
    const scenario = tinyScenario(method.name, {
      method,
      objective: { name: 'quadratic', dimension: 10, largestEigenvalue: 3, initialValue: 1 },
      clients: 8,
      rounds,
      seed: 5,
      precision: 'float64',
      evaluation: { everyRounds: rounds, train: false },
      ...changes,
    });
    return tinyRun(scenario);
  }
  const topOne = {
    codecs: { fast: { codec: { name: 'top-k', count: 1 }, memory: null, scope: 'vector' as const } },
  };
  const paramsOf = ({ records }: Awaited<ReturnType<typeof run>>) =>
    (records.get('coordinator')!.state as { params: Vector }).params;

  it('without a codec sends the whole momentum, so that none stays: gradient descent, in any transform', async () => {
    const plain = await run({ name: 'sgd', batchSize: 1, optimizer: { name: 'sgd', learningRate: 0.02 } }, 10);
    for (const blockSize of [4, 64, null]) {
      const demo = await run({ name: 'demo', learningRate: 0.02, blockSize }, 10);
      expectNear(paramsOf(demo), paramsOf(plain), 1e-12);
    }
  });

  it('with one of ten components a round: what was sent and what stayed are the momentum', async () => {
    // One round from zero momentum: m = T g before, so sent + kept = T g; the step was taken with the mean of what was sent.
    const gradient = await run({ name: 'demo', learningRate: 1, blockSize: null }, 1);
    const sparse = await run({ name: 'demo', learningRate: 1, blockSize: null }, 1, topOne);
    const kept = Array.from({ length: 8 }, (_, c) => (sparse.records.get(c)!.state as { momentum: Vector }).momentum);
    for (const momentum of kept) expect(momentum.filter((value) => value === 0).length).to.equal(1);
    for (let i = 0; i < 10; i++) {
      const mean = kept.reduce((sum, momentum) => sum + momentum[i]!, 0) / 8;
      expect(paramsOf(sparse)[i]! - mean).to.be.closeTo(paramsOf(gradient)[i]!, 1e-12);
    }
  });

  it('what stays is multiplied by beta and added to the next gradient', async () => {
    // At rate 0 the gradient is the same in both rounds: an entry that was not sent in either holds g, then g + 0.5 g.
    const method = { name: 'demo', learningRate: 0, momentum: 0.5, blockSize: null };
    const [once, twice] = await Promise.all([1, 2].map((rounds) => run(method, rounds, topOne)));
    const kept = (of: typeof once) => (of!.records.get(3)!.state as { momentum: Vector }).momentum;
    const ratios = Array.from(kept(twice), (value, i) => value / kept(once)[i]!);
    expect(ratios.filter((ratio) => Math.abs(ratio - 1.5) < 1e-12).length).to.be.at.least(8);
  });

  it('steps by signs where asked to: every entry moves by the rate', async () => {
    const [none, one] = await Promise.all(
      [0, 1].map((rate) => run({ name: 'demo', learningRate: 0.25 * rate, blockSize: 4, signed: true }, 1)),
    );
    const moved = paramsOf(one!).map((value, i) => Math.abs(value - paramsOf(none!)[i]!));
    expectNear(moved, new Float64Array(10).fill(0.25), 1e-12);
  });
});
