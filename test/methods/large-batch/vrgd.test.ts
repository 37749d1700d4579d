import { expect } from 'chai';
import type { Vector } from '../../../protocol/method.js';
import sgd from '../../../protocol/methods/federated/sgd.js';
import vrgd from '../../../protocol/methods/large-batch/vrgd.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { norm, subtract } from '../../../protocol/numerics/vector.js';
import { scriptedCoordinator } from '../../support/scripted-coordinator.js';
import { runInput } from '../../support/scripted-run.js';

const stream = rootStream(21, 'float64');
const LENGTH = 30;
const segments = [
  { name: 'a/weights', module: 'a', offset: 0, shape: [4, 5] },
  { name: 'b/weights', module: 'b', offset: 20, shape: [2, 5] },
];
const start = stream.derive('start').normal(LENGTH);

/** Gradients of `devices` clients in each of `count` rounds; `scale` multiplies those of round t. */
function rounds(devices: number, count: number, scale?: (t: number) => number) {
  return Array.from({ length: count }, (_, t) => ({
    received: {
      gradient: Array.from({ length: devices }, (_, from) => ({
        from,
        examples: 8,
        gradient: stream
          .derive('g', scale ? 0 : t, from)
          .normal(LENGTH)
          .map((z) => (scale?.(t) ?? 1) * (0.5 + 3 * z)),
      })),
    },
  }));
}

const run = (method: typeof vrgd | typeof sgd, given: object, script = rounds(8, 6)) =>
  scriptedCoordinator(method, given, segments, start, script);
const paths = async (...args: Parameters<typeof run>) => (await run(...args)).map(({ params }) => params);

describe('protocol/methods/vrgd', () => {
  for (const optimizer of [
    { name: 'sgd', learningRate: 0.1 },
    { name: 'momentum', learningRate: 0.1 },
    { name: 'lars', learningRate: 1 },
    { name: 'adam', learningRate: 0.01 },
    { name: 'lamb', learningRate: 0.01 },
  ])
    it(`gamma 1 is ${optimizer.name} ${optimizer.name === 'adam' || optimizer.name === 'lamb' ? 'to 1e-12' : 'bit for bit'}`, async () => {
      const [ours, base] = [await paths(vrgd, { gamma: 1, optimizer }), await paths(sgd, { optimizer })];
      // The running mean of ones is 1 only up to rounding.
      if (optimizer.name === 'adam' || optimizer.name === 'lamb')
        for (const [t, params] of ours.entries()) expect(norm(subtract(params, base[t]!))).to.be.below(1e-12);
      else expect(ours).to.deep.equal(base);
    });

  it('gamma 1 over a whole run with fresh batches: the losses of sgd, bit for bit', async () => {
    const losses = async (method: object) =>
      (
        await runInput({
          name: 'equal',
          method: { batchSize: 4, optimizer: { name: 'momentum', learningRate: 0.05 }, ...method } as never,
          objective: { name: 'softmax-regression' },
          data: { name: 'gaussian-clusters', examples: 200, testExamples: 50 },
          clients: 5,
          rounds: 8,
        })
      ).record.rows.map(({ loss }) => loss);
    const plain = await losses({ name: 'sgd' });
    expect(await losses({ name: 'vrgd', gamma: 1 })).to.deep.equal(plain);
    expect(await losses({ name: 'vrgd' })).to.not.deep.equal(plain);
  });

  it('cap 1: no entry moves further than under SGD, and all move the same way; cap 1/gamma moves some further', async () => {
    const [first] = rounds(8, 1);
    const [[plain], [bounded], [free]] = await Promise.all([
      paths(sgd, {}, [first!]),
      paths(vrgd, {}, [first!]),
      paths(vrgd, { cap: '1/gamma' }, [first!]),
    ]);
    let longer = 0;
    for (let j = 0; j < LENGTH; j++) {
      const [s, b, f] = [plain, bounded, free].map((path) => path![j]! - start[j]!);
      expect(Math.abs(b!)).to.be.at.most(Math.abs(s!));
      expect(Math.sign(b!)).to.equal(Math.sign(s!));
      if (Math.abs(f!) > Math.abs(s!)) longer++;
    }
    expect(longer).to.be.greaterThan(0);
  });

  it('VR-SGD is homogeneous: gradients times 3 move three times as far', async () => {
    const [[one], [three]] = await Promise.all([
      paths(
        vrgd,
        {},
        rounds(8, 1, () => 1),
      ),
      paths(
        vrgd,
        {},
        rounds(8, 1, () => 3),
      ),
    ]);
    for (let j = 0; j < LENGTH; j++) expect(three![j]! - start[j]!).to.be.closeTo(3 * (one![j]! - start[j]!), 1e-13);
  });

  it('VR-Adam and VR-LAMB with ratios that are constant in time are Adam and LAMB (epsilon 0) to 1e-12', async () => {
    const script = rounds(8, 6, (t) => [1, 4, 0.5, 2, 8, 1][t]!);
    for (const name of ['adam', 'lamb']) {
      const optimizer = { name, learningRate: 0.01, epsilon: 0, weightDecay: 0 };
      const [ours, base] = [await paths(vrgd, { optimizer }, script), await paths(sgd, { optimizer }, script)];
      for (const [t, params] of ours.entries()) expect(norm(subtract(params, base[t]!))).to.be.below(1e-12);
      // The ratios do differ from 1, and where they vary in time so do the steps.
      const varying = [await paths(vrgd, { optimizer }), await paths(sgd, { optimizer })];
      expect(norm(subtract(varying[0]!.at(-1)!, varying[1]!.at(-1)!))).to.be.above(1e-4);
    }
  });

  it('VR-Adam: p = 0.9 p + 0.1 r and p / (1 - 0.9^t) stay in [gamma, cap]; the first step sees r itself', async () => {
    const steps = await run(vrgd, { optimizer: { name: 'adam' }, cap: '1/gamma' });
    for (const [t, { state }] of steps.entries()) {
      const corrected = (state.ratios as Float64Array).map((p) => p / (1 - 0.9 ** (t + 1)));
      expect(Math.min(...corrected)).to.be.at.least(0.1 - 1e-12);
      expect(Math.max(...corrected)).to.be.at.most(10 + 1e-12);
      if (t === 0) expect(Math.min(...corrected)).to.be.closeTo(0.1, 1e-12);
    }
  });

  it('a running mean of ratios is kept for base optimizers with second moments alone: VR-SGD has none in any round', async () => {
    const kept = async (optimizer: object) =>
      (await run(vrgd, { optimizer })).map(({ state }) => (state.ratios as Float64Array).length);
    expect(await kept({ name: 'sgd', learningRate: 0.1 })).to.deep.equal([0, 0, 0, 0, 0, 0]);
    expect(await kept({ name: 'adam', learningRate: 0.1 })).to.deep.equal(new Array(6).fill(LENGTH));
  });

  it('VR-LAMB: every tensor moves by rate |w|, whatever the ratios', async () => {
    const [first] = await paths(vrgd, { optimizer: { name: 'lamb', learningRate: 0.02, weightDecay: 0 } });
    for (const { offset, shape } of segments) {
      const end = offset + shape[0]! * shape[1]!;
      const [before, after] = [start.subarray(offset, end), first!.subarray(offset, end)];
      expect(norm(subtract(after, before))).to.be.closeTo(0.02 * norm(before), 1e-12);
    }
  });

  it('a signal-to-noise ratio has no scale: clients that all send 7 times their gradients, with the spread of two parts, have the same', async () => {
    const byAll = (kind: string, factor: number) => ({ fault: 'scale', kind, senders: 'clients' as const, factor });
    const ratios = async (faults: readonly ReturnType<typeof byAll>[]) =>
      (
        await runInput({
          name: 'scaled',
          method: { name: 'vrgd', batchSize: 8, subBatches: 2 },
          faults,
          objective: { name: 'softmax-regression' },
          data: { name: 'gaussian-clusters', examples: 200, testExamples: 50 },
          clients: 5,
          rounds: 1,
          precision: 'float64',
        })
      ).record.rows[0]!.extra;
    const [plain, scaled] = [await ratios([]), await ratios([byAll('gradient', 7), byAll('moments', 49)])];
    expect(plain.signalToNoise).to.be.within(0.1, 0.9);
    expect(scaled.signalToNoise).to.be.closeTo(plain.signalToNoise!, 1e-12);
    expect(scaled.shareAtGamma).to.equal(plain.shareAtGamma);
  });

  it('fewer than leastDevices in a round: the plain step', async () => {
    const script = rounds(3, 2);
    expect(await paths(vrgd, {}, script)).to.deep.equal(await paths(sgd, {}, script));
    expect(await paths(vrgd, { leastDevices: 3 }, script)).to.not.deep.equal(await paths(sgd, {}, script));
  });

  it('two clients that send mean and spread of four parts each move as eight clients do', async () => {
    const [eight] = rounds(8, 1);
    const parts = eight!.received.gradient;
    const clients = [0, 1].map((from) => {
      const own = parts.slice(4 * from, 4 * from + 4).map(({ gradient }) => gradient);
      const gradient = own[0]!.map((_, j) => own.reduce((sum, g) => sum + g[j]! / 4, 0));
      const spread = gradient.map((mean, j) => own.reduce((sum, g) => sum + (g[j]! - mean) ** 2 / 4, 0));
      return { from, gradient, spread };
    });
    const script = {
      received: {
        gradient: clients.map(({ from, gradient }) => ({ from, gradient, examples: 32 })),
        moments: clients.map(({ from, spread }) => ({ from, spread, parts: 4 })),
      },
    };
    const [[ours], [theirs]] = [await run(vrgd, { subBatches: 4 }, [script] as never), await run(vrgd, {}, [eight!])];
    expect(ours!.measures.get('devices')).to.equal(8);
    expect(norm(subtract(ours!.params, theirs!.params))).to.be.below(1e-14);
    expect(norm(subtract(theirs!.params, start))).to.be.above(0.1);
  });

  it('a spread whose gradient was lost is left out', async () => {
    const [eight] = rounds(8, 1);
    const moments = [{ from: 9, spread: new Float64Array(LENGTH).fill(1e6), parts: 4 }];
    const script = { received: { gradient: eight!.received.gradient, moments } };
    const [[ours], [theirs]] = [await run(vrgd, { subBatches: 4 }, [script] as never), await run(vrgd, {}, [eight!])];
    expect(ours!.params).to.deep.equal(theirs!.params);
  });

  it('the second moment travels with subBatches above 1 only: uplink of one float a parameter, then of two', async () => {
    const bytes = async (method: object) =>
      (
        await runInput({
          name: 'traffic',
          method: { name: 'vrgd', ...method } as never,
          objective: { name: 'quadratic', dimension: 1000, examples: 8 },
          data: 'none',
          clients: 4,
          rounds: 3,
        })
      ).record.rows.reduce((sum, { bytesUp }) => sum + bytesUp, 0);
    const [one, two] = [await bytes({}), await bytes({ subBatches: 4 })];
    expect(one).to.be.within(4 * 3 * 4000, 4 * 3 * 4200);
    expect(two).to.be.within(4 * 3 * 8000, 4 * 3 * 8400);
  });

  it('one of 8 clients that sends 1e6 times its gradient makes every ratio 1, and the mean its own: no defence', async () => {
    const [script] = rounds(8, 1);
    const received = {
      gradient: script!.received.gradient.map((message) =>
        message.from === 3 ? { ...message, gradient: message.gradient.map((x) => 1e6 * x) as Vector } : message,
      ),
    };
    const [step] = await run(vrgd, { cap: '1/gamma' }, [{ received }] as never);
    expect(step!.measures.get('signalToNoise')).to.be.closeTo(1, 1e-3);
    const own = script!.received.gradient[3]!.gradient;
    for (let j = 0; j < LENGTH; j++)
      expect(step!.params[j]! - start[j]!).to.be.closeTo(
        (-0.1 * 1e6 * own[j]!) / 8,
        1e-3 * Math.abs(1e5 * own[j]!) + 10,
      );
  });

  it('refuses settings out of range, those of its optimizer included', async () => {
    const check = (given: object) => () => vrgd.settings!.parse('method', given);
    await vrgd.settings!.load({ optimizer: { name: 'adam' } });
    expect(check({ optimizer: { name: 'adam', learningRat: 0.1 } })).to.throw(/method\.optimizer\.learningRat/);
    for (const wrong of [
      { gamma: 0 },
      { gamma: 1.5 },
      { cap: '10' },
      { subBatches: 0 },
      { beta3: 1 },
      { leastDevices: 1 },
    ])
      expect(check(wrong)).to.throw(/ERR_SCENARIO/);
  });
});
