import { expect } from 'chai';
import { broadcastNoise } from '../../../protocol/faults/broadcast-noise.js';
import { channelNoise } from '../../../protocol/faults/channel-noise.js';
import { always } from '../../../protocol/faults/fault.js';
import { noisy, quantised } from '../../../protocol/faults/parts/noise.js';
import { probabilisticQuantiser } from '../../../protocol/faults/probabilistic-quantiser.js';
import type { Rng } from '../../../protocol/method.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { zeros } from '../../../protocol/numerics/vector.js';
import { MessageCoding } from '../../../protocol/party/message-coding.js';
import { frameOf, layoutOf, networkOf } from '../../support/hand-made-frames.js';

const COUNT = 40_000;
const gaussian = { distribution: 'gaussian', stddev: 3, relativeVariance: 0, degreesOfFreedom: 2.5 } as const;
const stream = (...path: (string | number)[]): Rng => rootStream(99, 'float64').derive(...path);

function moments(values: ArrayLike<number>) {
  let sum = 0;
  let squares = 0;
  let magnitudes = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    squares += values[i]! ** 2;
    magnitudes += Math.abs(values[i]!);
  }
  const mean = sum / values.length;
  return { mean, variance: squares / values.length - mean * mean, meanMagnitude: magnitudes / values.length };
}

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let product = 0;
  for (let i = 0; i < a.length; i++) product += a[i]! * b[i]!;
  return product / a.length / Math.sqrt(moments(a).variance * moments(b).variance);
}

describe('noise', () => {
  // Variance of a sample variance: (kurtosis - 1) 81 / n; kurtosis 3, 6 and, at 5 degrees of freedom, 9.
  for (const [distribution, kurtosis, meanMagnitude] of [
    ['gaussian', 3, 3 * Math.sqrt(2 / Math.PI)],
    ['laplace', 6, 3 / Math.SQRT2],
    // At 5 degrees of freedom E|t| is 4 sqrt(5) / (3 pi) and the stddev sqrt(5 / 3).
    ['student-t', 9, (4 * Math.sqrt(3)) / Math.PI],
  ] as const)
    it(`${distribution} of stddev 3: variance 9 and E|x| ${meanMagnitude.toFixed(3)} within 5 sigma over 40000 draws`, () => {
      const settings = { ...gaussian, distribution, degreesOfFreedom: 5 };
      const found = moments(noisy(zeros(COUNT, 'float64'), settings, stream(distribution))!);
      expect(found.mean).to.be.closeTo(0, (5 * 3) / Math.sqrt(COUNT));
      expect(found.variance).to.be.closeTo(9, 5 * 9 * Math.sqrt((kurtosis - 1) / COUNT));
      expect(found.meanMagnitude).to.be.closeTo(meanMagnitude, 5 * Math.sqrt((9 - meanMagnitude ** 2) / COUNT));
    });

  it('relative noise c = 0.25 on numbers of mean square 4 adds 1 to the variance of 9: 10 within 5 sigma', () => {
    const value = zeros(COUNT, 'float64');
    // Half are 0 and half sqrt(8): the share of each number is that of the whole vector.
    for (let i = 0; i < COUNT; i += 2) value[i] = Math.sqrt(8);
    const received = noisy(value, { ...gaussian, relativeVariance: 0.25 }, stream('relative'))!;
    const halves = [0, 1].map((first) => received.filter((_, i) => i % 2 === first).map((x) => x - value[first]!));
    for (const half of halves) expect(moments(half).variance).to.be.closeTo(10, 50 * Math.sqrt(4 / COUNT));
    // c = 1 alone is noise as large as the numbers are.
    const whole = noisy(value, { ...gaussian, stddev: 0, relativeVariance: 1 }, stream('whole'))!;
    expect(moments(whole.map((x, i) => x - value[i]!)).variance).to.be.closeTo(4, 5 * 4 * Math.sqrt(2 / COUNT));
  });

  it('every number has its own noise around itself, from the first to the last, in every distribution', () => {
    for (const distribution of ['gaussian', 'laplace', 'student-t'] as const)
      for (const length of [1, 2, 5]) {
        const value = Float64Array.from({ length }, (_, i) => 1e9 * (i + 1));
        const noise = noisy(value, { ...gaussian, distribution }, stream('each'))!.map((x, i) => x - value[i]!);
        // 3 is the standard deviation: beyond 1e6 of it none of these lies, and none is 0.
        expect([...noise].filter((x) => x !== 0 && Math.abs(x) < 3e6)).to.have.length(length);
        expect(new Set(noise).size).to.equal(length);
      }
    expect(noisy(new Float64Array(0), gaussian, stream('none'))).to.equal(null);
  });

  it('only relative noise on a zero vector is no noise', () => {
    expect(noisy(zeros(5, 'float32'), { ...gaussian, stddev: 0, relativeVariance: 2 }, stream('zero'))).to.equal(null);
  });

  for (const precision of ['float32', 'float64'] as const)
    it(`keeps the precision of a ${precision} vector and writes into none that came`, () => {
      const value = zeros(50, precision).fill(2);
      const received = noisy(value, gaussian, stream('own'))!;
      const rounded = quantised(value, 0.3, stream('own'));
      expect([received.BYTES_PER_ELEMENT, rounded.BYTES_PER_ELEMENT]).to.deep.equal([
        value.BYTES_PER_ELEMENT,
        value.BYTES_PER_ELEMENT,
      ]);
      expect([...value]).to.deep.equal(new Array(50).fill(2));
      expect(received.buffer).to.not.equal(value.buffer);
    });

  it('the quantiser of step 0.5 turns 1.3 into 1.0 or 1.5, mean 1.3 and variance 0.06, and -1.3 the same way (5 sigma)', () => {
    for (const sign of [1, -1]) {
      const rounded = quantised(new Float64Array(COUNT).fill(sign * 1.3), 0.5, stream('quantiser', sign));
      expect([...new Set(rounded)].sort()).to.deep.equal(sign > 0 ? [1, 1.5] : [-1, -1.5]);
      const { mean, variance } = moments(rounded);
      expect(mean).to.be.closeTo(sign * 1.3, 5 * Math.sqrt(0.06 / COUNT));
      expect(variance).to.be.closeTo(0.06, 0.002);
    }
  });

  it('the quantiser leaves multiples of its step as they are', () => {
    expect([...quantised(Float64Array.of(-1, -0.25, 0, 0.75, 8), 0.25, stream('exact'))]).to.deep.equal([
      -1, -0.25, 0, 0.75, 8,
    ]);
  });
});

describe('noise of links and posts', () => {
  const length = 10_000;
  const posted = { x: new Float32Array(length).fill(5), y: new Float32Array(length).fill(-7) };
  const layout = layoutOf('iterate');

  /** What client `to` receives of client 1's post. */
  function transformed(faults: Parameters<typeof networkOf>[0], from: number, to: number, step = 0, shared = posted) {
    const network = networkOf(faults);
    const round = {
      rng: rootStream(2024, 'float32').derive('party', from, 'round', 0),
      index: 0,
      self: from,
      clockMs: 0,
    };
    const around = {
      receiveTransform: network.receiveTransform,
      sendTransform: network.sendTransform,
      nsPerParameterCoded: () => 0,
    };
    const coding = new MessageCoding(new Map(), 'float32', {}, around);
    const { message, delivered } = coding.encode(layout, step, null, shared, round);
    const frame = frameOf('iterate', { from, to, step, messages: [message] });
    const received = coding.decode(layout, frame, message, 0, { ...round, self: to });
    const noise = (field: 'x' | 'y') => (received[field] as Float32Array).map((v, i) => v - posted[field][i]!);
    return { received, delivered, noise, network };
  }

  const channel = [always(channelNoise({ stddev: 3 }))];

  it('channel noise of stddev 3 has variance 9 on every link and is independent between links, steps and fields (5 sigma)', () => {
    const draws = [
      transformed(channel, 1, 2).noise('x'),
      transformed(channel, 1, 3).noise('x'),
      transformed(channel, 2, 1).noise('x'),
      transformed(channel, 4, 2).noise('x'),
      transformed(channel, 1, 2, 1).noise('x'),
      transformed(channel, 1, 2).noise('y'),
    ];
    for (const draw of draws) expect(moments(draw).variance).to.be.closeTo(9, 45 * Math.sqrt(2 / length));
    for (const [i, a] of draws.entries())
      for (const b of draws.slice(i + 1)) expect(correlation(a, b)).to.be.closeTo(0, 5 / Math.sqrt(length));
  });

  it('channel noise changes neither a sender’s own copy nor what it sends', () => {
    const { received, delivered, network } = transformed(channel, 1, 1);
    expect(received.x).to.deep.equal(posted.x);
    expect(delivered.x).to.equal(posted.x);
    expect(network.firings()).to.deep.equal([0]);
  });

  it('a round that is run again draws the same noise', () => {
    const { receiveTransform } = networkOf(channel);
    const draw = (attempt: number) =>
      receiveTransform!(posted.x, frameOf('iterate', { from: 1, to: 2, attempt }), layout, 'x', 0);
    expect(draw(1)).to.deep.equal(draw(0));
  });

  it('channel noise never writes into the vector that was sent', () => {
    transformed(channel, 1, 2);
    expect(posted.x.every((v) => v === 5) && posted.y.every((v) => v === -7)).to.equal(true);
  });

  it('broadcast noise of stddev 3 is the same for all receivers and the sender, new in each step and field', () => {
    const rules = [always(broadcastNoise({ stddev: 3 }))];
    const two = transformed(rules, 1, 2);
    expect(moments(two.noise('x')).variance).to.be.closeTo(9, 45 * Math.sqrt(2 / length));
    expect(transformed(rules, 1, 3).received.x).to.deep.equal(two.received.x);
    expect(two.delivered.x).to.deep.equal(two.received.x);
    for (const other of [transformed(rules, 1, 2, 1).noise('x'), two.noise('y'), transformed(rules, 4, 2).noise('x')])
      expect(correlation(two.noise('x'), other)).to.be.closeTo(0, 5 / Math.sqrt(length));
    expect(two.network.firings(), 'one vector, one firing').to.deep.equal([2]);
  });

  it('broadcast noise looks at kind, direction and sender', () => {
    const untouched = [
      broadcastNoise({ stddev: 3, kind: 'update' }),
      broadcastNoise({ stddev: 3, direction: 'up' }),
      broadcastNoise({ stddev: 3, senders: [2] }),
    ];
    for (const rule of untouched) expect(transformed([always(rule)], 1, 2).received.x).to.deep.equal(posted.x);
    expect(
      transformed([always(broadcastNoise({ stddev: 3, direction: 'peer', senders: [1] }))], 1, 2).received.x,
    ).to.not.deep.equal(posted.x);
  });

  it('the quantiser is drawn once a post, or once a link where the rule says so', () => {
    const perPost = [always(probabilisticQuantiser({ step: 0.7 }))];
    const perLink = [always(probabilisticQuantiser({ step: 0.7, per: 'link' }))];
    expect(transformed(perPost, 1, 2).received.x).to.deep.equal(transformed(perPost, 1, 3).received.x);
    expect(transformed(perPost, 1, 2).delivered.x).to.deep.equal(transformed(perPost, 1, 2).received.x);
    expect(transformed(perLink, 1, 2).received.x).to.not.deep.equal(transformed(perLink, 1, 3).received.x);
    expect(transformed(perLink, 1, 2).delivered.x).to.equal(posted.x);
    expect(correlation(transformed(perLink, 1, 2).noise('x'), transformed(perLink, 1, 3).noise('x'))).to.be.closeTo(
      0,
      5 / Math.sqrt(length),
    );
  });

  it('two noise rules add their variances: 9 + 16 (5 sigma)', () => {
    const rules = [...channel, always(channelNoise({ stddev: 4 }))];
    expect(moments(transformed(rules, 1, 2).noise('x')).variance).to.be.closeTo(25, 125 * Math.sqrt(2 / length));
  });
});
