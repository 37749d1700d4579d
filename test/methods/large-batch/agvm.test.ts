import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import sgd from '../../../protocol/methods/federated/sgd.js';
import agvm, { nextMultipliers } from '../../../protocol/methods/large-batch/agvm.js';
import { misalignment } from '../../../protocol/methods/large-batch/parts/half-means.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { add, norm, subtract } from '../../../protocol/numerics/vector.js';
import { scriptedCoordinator } from '../../support/scripted-coordinator.js';

const stream = rootStream(31, 'float64');
const segments = [
  { name: 'backbone/w', module: 'backbone', offset: 0, shape: [10, 4] },
  { name: 'head/w', module: 'head', offset: 40, shape: [5, 4] },
];
const BACKBONE = [{ start: 0, end: 40 }];
const HEAD = [{ start: 40, end: 60 }];
const start = stream.derive('start').normal(60);

/** `count` rounds of 6 clients; the backbone's gradient is three times as noisy as the head's. */
function rounds(count: number, change: (x: number, j: number) => number = (x) => x) {
  return Array.from({ length: count }, (_, t) => ({
    received: {
      gradient: Array.from({ length: 6 }, (_, from) => ({
        from,
        examples: 8,
        gradient: stream
          .derive('g', t, from)
          .normal(60)
          .map((z, j) => change(1 + (j < 40 ? 3 : 1) * z, j)),
      })),
    },
  }));
}

const run = (given: object, script = rounds(4), layout = segments) =>
  scriptedCoordinator(agvm, given, layout, start, script);

const sumOf = (messages: readonly { readonly gradient: Vector }[]) =>
  messages.reduce<Vector>((sum, { gradient }) => add(sum, gradient), new Float64Array(60));

const CODE = { form: 'code' as 'code' | 'summary', bounds: [0.5, 10], averaging: 0.97 };

describe('protocol/methods/agvm', () => {
  const misaligned = Float64Array.of(0.4, 0.1, 0.9, 1e-9, 2);

  it('code form: mu = sqrt(clamp((sim_0 + 1e-6) / (sim_i + 1e-6), 0.5, 10)), 1 for the reference', () => {
    const ones = new Float64Array(5).fill(1);
    const mu = nextMultipliers(ones, misaligned, 0, { ...CODE, averaging: 0 });
    expect(mu[0]).to.equal(1);
    expect(mu[1]).to.be.closeTo(Math.sqrt(0.400001 / 0.100001), 1e-12);
    expect(mu[2]).to.equal(Math.SQRT1_2);
    expect(mu[3]).to.equal(Math.sqrt(10));
  });

  it('n measurements of one ratio leave mu = new + 0.97^n (1 - new)', () => {
    let mu = new Float64Array(5).fill(1);
    for (let n = 1; n <= 30; n++) {
      mu = nextMultipliers(mu, misaligned, 2, CODE) as typeof mu;
      const target = Math.sqrt(0.900001 / 0.400001);
      expect(mu[0]).to.be.closeTo(target + 0.97 ** n * (1 - target), 1e-12);
      expect(mu[2]).to.equal(1);
    }
  });

  it('halves that agree everywhere give mu = 1 in both forms; a module alone without noise keeps its mu in the summary form', () => {
    for (const form of ['code', 'summary'] as const)
      expect([...nextMultipliers(Float64Array.of(1, 1), Float64Array.of(0, 0), 0, { ...CODE, form })]).to.deep.equal([
        1, 1,
      ]);
    const summary = { ...CODE, form: 'summary' as const, averaging: 0 };
    expect([...nextMultipliers(Float64Array.of(1, 1.5), Float64Array.of(0.3, 0), 0, summary)]).to.deep.equal([1, 1.5]);
    expect(nextMultipliers(Float64Array.of(1, 1), Float64Array.of(0.9, 0.01), 0, summary)[1]).to.be.closeTo(
      Math.sqrt(90),
      1e-12,
    );
  });

  it('one module: the plain optimizer bit for bit', async () => {
    const layout = [{ name: 'w', module: 'all', offset: 0, shape: [60] }];
    for (const optimizer of [{ name: 'momentum', learningRate: 0.1 }, { name: 'adamw' }]) {
      const ours = await run({ optimizer, interval: 1 }, rounds(5), layout);
      const base = await scriptedCoordinator(sgd, { optimizer }, layout, start, rounds(5));
      expect(ours.map(({ params }) => params)).to.deep.equal(base.map(({ params }) => params));
    }
  });

  it('the head moves by mu times what it would, the backbone as it would; the next round starts from the plain rate again', async () => {
    const optimizer = { name: 'sgd', learningRate: 0.05 };
    const steps = await run({ optimizer, interval: 1, averaging: 0.5, halves: 'ranks' }, rounds(3));
    const plain = await scriptedCoordinator(sgd, { optimizer }, segments, start, rounds(3));
    let [at, plainAt] = [start, start];
    for (const [t, { params, measures }] of steps.entries()) {
      const mu = measures.get('multiplier/head')!;
      expect(mu).to.be.above(1.1);
      for (const j of [0, 17, 40, 59]) {
        const expected = (j < 40 ? 1 : mu) * (plain[t]!.params[j]! - plainAt[j]!);
        expect(params[j]! - at[j]!).to.be.closeTo(expected, 1e-12);
      }
      [at, plainAt] = [params, plain[t]!.params];
    }
  });

  it('by ranks, sim is 1 - cos of the first three clients against the last three', async () => {
    const [script] = rounds(1);
    const [step] = await run({ interval: 1, halves: 'ranks' }, [script!]);
    const sums = [0, 3].map((from) => sumOf(script!.received.gradient.slice(from, from + 3)));
    expect(step!.measures.get('misalignment/backbone')).to.be.closeTo(
      misalignment(sums[0]!, sums[1]!, BACKBONE),
      1e-12,
    );
    expect(step!.measures.get('misalignment/head')).to.be.closeTo(misalignment(sums[0]!, sums[1]!, HEAD), 1e-12);
  });

  it('scaling all gradients, or those of one module, by a positive number does not change mu', async () => {
    const mu = async (change?: (x: number, j: number) => number) =>
      (await run({ interval: 1 }, rounds(4, change))).at(-1)!.measures.get('multiplier/head')!;
    const plain = await mu();
    expect(await mu((x) => 1000 * x)).to.be.closeTo(plain, 1e-12);
    expect(await mu((x, j) => (j < 40 ? 0.01 * x : x))).to.be.closeTo(plain, 1e-12);
  });

  it('adamw: halves are preconditioned by the second moment before the round, g / (sqrt(b2 v + (1 - b2) g^2) + eps)', async () => {
    const script = rounds(2);
    const steps = await run({ optimizer: { name: 'adamw', beta2: 0.9 }, interval: 1, halves: 'ranks' }, script);
    const { square } = steps[0]!.state.optimizer as { square: Float64Array };
    const [a, b] = [0, 3].map((from) =>
      sumOf(script[1]!.received.gradient.slice(from, from + 3)).map(
        (sum, j) => sum / 6 / (Math.sqrt(0.9 * square[j]! + 0.1 * (sum / 6) ** 2) + 1e-8),
      ),
    ) as [Vector, Vector];
    expect(steps[1]!.measures.get('misalignment/head')).to.be.closeTo(misalignment(a, b, HEAD), 1e-10);
    const plain = await run({ optimizer: { name: 'momentum' }, interval: 1, halves: 'ranks' }, script);
    expect(steps[1]!.measures.get('misalignment/head')).to.not.be.closeTo(
      plain[1]!.measures.get('misalignment/head')!,
      1e-3,
    );
  });

  it('measures in rounds 6, 9, ... with interval 3 and start 4, and steps plainly before', async () => {
    const steps = await run({ interval: 3, start: 4 }, rounds(10));
    const measuring = steps.flatMap(({ measures }, t) => (measures.has('misalignment/head') ? [t] : []));
    expect(measuring).to.deep.equal([6, 9]);
    const plain = await scriptedCoordinator(
      sgd,
      { optimizer: agvm.settings!.defaults.optimizer },
      segments,
      start,
      rounds(10),
    );
    for (let t = 0; t < 6; t++) expect(steps[t]!.params).to.deep.equal(plain[t]!.params);
  });

  it('staticRate measures and leaves every rate', async () => {
    const optimizer = { name: 'sgd', learningRate: 0.05 };
    const steps = await run({ optimizer, interval: 1, averaging: 0.5, staticRate: true }, rounds(3));
    const plain = await scriptedCoordinator(sgd, { optimizer }, segments, start, rounds(3));
    expect(steps.map(({ params }) => params)).to.deep.equal(plain.map(({ params }) => params));
    expect(steps[2]!.measures.get('misalignment/head')).to.be.above(0);
    expect(steps[2]!.measures.get('multiplier/head')).to.equal(1);
  });

  it('clips the global gradient to norm 1 in rounds 1 and 2 alone', async () => {
    const optimizer = { name: 'sgd', learningRate: 1 };
    const steps = await run({ optimizer, start: 99, clipping: { norm: 1, from: 1, until: 3 } }, rounds(4));
    const lengths = steps.map(({ params }, t) => norm(subtract(params, t === 0 ? start : steps[t - 1]!.params)));
    expect(lengths.map((length) => Math.abs(length - 1) < 1e-12)).to.deep.equal([false, true, true, false]);
  });

  it('names the modules when the reference is unknown', async () => {
    const failure = await run({ referenceModule: 'neck' }).catch((error: Error) => error.message);
    expect(failure).to.match(/ERR_SCENARIO.*one of backbone, head, got 'neck'/);
  });
});
