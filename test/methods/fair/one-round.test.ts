import { expect } from 'chai';
import type { ReadonlyVector, Vector } from '../../../protocol/method.js';
import afl from '../../../protocol/methods/fair/afl.js';
import fedce from '../../../protocol/methods/fair/fedce.js';
import prospect from '../../../protocol/methods/fair/prospect.js';
import qffl from '../../../protocol/methods/fair/q-ffl.js';
import { scriptedClient } from '../../support/scripted-client.js';
import { scriptedCoordinator } from '../../support/scripted-coordinator.js';

const start = Float64Array.of(1, -1);

function near(actual: unknown, expected: readonly number[]): void {
  expect((actual as Vector).length).to.equal(expected.length);
  for (const [i, value] of expected.entries()) expect((actual as Vector)[i], `entry ${i}`).to.be.closeTo(value, 1e-12);
}

describe('rounds of fair methods, by hand', () => {
  const gradient = (from: number, loss: number, ...entries: number[]) => ({
    ...{ from, loss, gradient: Float64Array.from(entries) },
  });

  it('AFL: each gradient by its client’s weight, then weights by losses; of a part of the clients both count n/m times', async () => {
    const settings = { learningRate: 0.5, weightLearningRate: 0.1 };
    const rounds = [
      [gradient(0, 0, 4, 0), gradient(1, 1, 0, 4), gradient(2, 2, 4, 4), gradient(3, 5, 0, 0)],
      [gradient(1, 0, 2, 0), gradient(3, 1, 0, 2)],
      [],
    ].map((received) => ({ received: { gradient: received } }));
    const [all, part, none] = await scriptedCoordinator(afl, settings, [], start, rounds, 4);
    near(all!.params, [1 - 0.5 * 2, -1 - 0.5 * 2]);
    // 1/4 + (0, 0.1, 0.2, 0.5), less 0.2 each so that the sum is 1.
    near(all!.state.weights, [0.05, 0.15, 0.25, 0.55]);
    expect(all!.measures.get('largestWeight')).to.be.closeTo(0.55, 1e-12);
    // Twice 0.15 (2, 0) + 0.55 (0, 2); losses of 0 and 2 x 1 add 0.2 to the last weight, less 0.05 each.
    near(part!.params, [0 - 0.5 * 2 * 0.3, -2 - 0.5 * 2 * 1.1]);
    near(part!.state.weights, [0, 0.1, 0.2, 0.7]);
    expect(none!.state).to.deep.equal(part!.state);
  });

  it('AFL: a client without weight moves no model, and gets weight by its loss', async () => {
    const settings = { learningRate: 0.5, weightLearningRate: 1 };
    const rounds = [[gradient(0, 0, 0, 0), gradient(1, 9, 0, 0)], [gradient(0, 0.25, 8, 8)]];
    const [first, second] = await scriptedCoordinator(
      ...([afl, settings, [], start, rounds.map((received) => ({ received: { gradient: received } })), 2] as const),
    );
    near(first!.state.weights, [0, 1]);
    near(second!.params, [1, -1]);
    // (0 + 2 x 0.25, 1) less 0.25 each.
    near(second!.state.weights, [0.25, 0.75]);
  });

  it('q-FFL: Delta = F^q L (x - y) and h = q F^(q-1) |L (x - y)|^2 + L F^q of a client, x less their quotient at the server', async () => {
    const objective = {
      exampleCount: 3,
      gradient: async () => Float64Array.of(3, 4) as Vector,
      loss: async () => 2,
    };
    const model = { params: start };
    const of = async (q: number) =>
      (await scriptedClient(qffl, { q, clientLearningRate: 0.1 }, { start, objective }, [{ model }]))[0]!.posts[0]!
        .payload;
    // L (x - y) is the gradient, of norm 5, and 1 / L the rate.
    const [zero, two] = [await of(0), await of(2)];
    near(zero.step, [3, 4]);
    expect(zero.curvature).to.be.closeTo(10, 1e-9);
    const [step, curvature] = [two.step as Vector, two.curvature as number];
    for (const [i, value] of [12, 16].entries()) expect(step[i]).to.be.closeTo(value, 1e-8);
    expect(curvature).to.be.closeTo(2 * 2 * 25 + 10 * 4, 1e-6);
    const updates = [
      { from: 0, step: Float64Array.of(12, 16), curvature: 140 },
      { from: 1, step: Float64Array.of(-2, 4), curvature: 60 },
    ];
    const rounds = [{ received: { update: updates } }, { received: { update: [] } }];
    const [moved, still] = await scriptedCoordinator(qffl, { q: 2 }, [], start, rounds);
    near(moved!.params, [1 - 10 / 200, -1 - 20 / 200]);
    expect(still!.params).to.deep.equal(moved!.params);
  });

  it('q-FFL: a loss below 0 counts as 0, whose step of q = 1 is 1e-10 of the gradient and whose curvature is the gradient’s', async () => {
    const objective = { exampleCount: 3, gradient: async () => Float64Array.of(3, 4) as Vector, loss: async () => -2 };
    const [sent] = await scriptedClient(qffl, { q: 1 }, { start, objective }, [{ model: { params: start } }]);
    const { step, curvature } = sent!.posts[0]!.payload;
    near(step, [3e-10, 4e-10]);
    expect(curvature).to.be.closeTo(25, 1e-8);
  });

  it('a client of any of them answers with one example, and without examples or a model sends nothing', async () => {
    const model = { params: start };
    for (const method of [afl, fedce, prospect, qffl])
      for (const [exampleCount, received, sent] of [
        [1, { model, contribution: { weight: 0.5 } }, 1],
        [0, { model, contribution: { weight: 0.5 } }, 0],
        [1, null, 0],
      ] as const) {
        const objective = { exampleCount, gradient: async () => Float64Array.of(1, 1) as Vector, loss: async () => 1 };
        const [step] = await scriptedClient(method, {}, { start, objective }, [received]);
        expect(step!.posts.length, `${method.name}, ${exampleCount} examples`).to.equal(sent);
      }
  });

  it('Prospect: fresh gradients n/m times in place of their old ones, all others as they were last, and the proximal step', async () => {
    const settings = { spectrum: 'mean', learningRate: 0.5, l2: 0.5 };
    const rounds = [[gradient(0, 1, 3, 0), gradient(2, 5, 0, 6), gradient(4, 3, 3, 3)], [gradient(2, 2, 3, 0)], []].map(
      (received) => ({ received: { gradient: received } }),
    );
    const [all, one, none] = await scriptedCoordinator(prospect, settings, [], start, rounds);
    // The mean gradient is (2, 3).
    near(all!.params, [(1 - 1) / 1.25, (-1 - 1.5) / 1.25]);
    expect(all!.measures.get('risk')).to.be.closeTo(3, 1e-12);
    expect(all!.measures.get('largestWeight')).to.be.closeTo(1 / 3, 1e-12);
    // (2, 3) + 3 ((3, 0) - (0, 6)) / 3.
    near(one!.params, [(0 - 0.5 * 5) / 1.25, (-2 + 0.5 * 3) / 1.25]);
    expect(one!.measures.get('risk')).to.be.closeTo(2, 1e-12);
    expect(none!.state).to.deep.equal(one!.state);
  });
});

describe('FedCE, by hand', () => {
  /** Loss |y - c|^2 / 2 of every example; keeps what it was asked for. */
  function recording(exampleCount: number) {
    const [trained, validated]: [number[][], { at: number[]; batch: number[] }[]] = [[], []];
    const objective = {
      exampleCount,
      async gradient(y: ReadonlyVector, batch: Uint32Array) {
        trained.push([...batch]);
        return Float64Array.from(y, (entry) => entry - 3) as Vector;
      },
      async loss(y: ReadonlyVector, batch: Uint32Array) {
        validated.push({ at: Array.from(y), batch: [...batch] });
        return Array.from(y).reduce((sum, entry) => sum + (entry - 3) ** 2 / 2, 0);
      },
    };
    return { objective, trained, validated };
  }
  const around = (weight: number, ...params: number[]) => ({
    ...{ model: { params: Float64Array.from(params) }, contribution: { weight } },
  });

  it('a client scores the model without its own share, on a fifth of its examples, which it never trains on', async () => {
    const { objective, trained, validated } = recording(10);
    const rounds = [around(0.25, 0, 0), around(0.25, 1, 1), around(0.5, 2, 2), around(1, 2, 2)];
    const steps = await scriptedClient(fedce, { clientLearningRate: 0.5, batchSize: 3 }, { start, objective }, rounds);
    const held = validated[0]!.batch;
    expect(held).to.have.length(2);
    expect(validated.map(({ batch }) => batch)).to.deep.equal([held, held, held].slice(0, validated.length));
    expect(trained).to.have.length(4 * 3);
    for (const batch of trained) for (const example of batch) expect(held).to.not.include(example);
    expect(new Set(trained.slice(0, 3).flat()).size).to.equal(8);
    // Three steps of rate 1/2 leave an eighth of the distance to 3.
    near(steps[0]!.posts[0]!.payload.delta, [3 * (7 / 8), 3 * (7 / 8)]);
    // (w - c w_i) / (1 - c), of w_i = 3 - 3/8 and then 3 - 2/8; a client with all the weight leaves no model and scores 0.
    const without = [(1 - 0.25 * 2.625) / 0.75, (2 - 0.5 * 2.75) / 0.5];
    for (const [i, value] of without.entries()) near(validated[i]!.at, [value, value]);
    expect(validated).to.have.length(2);
    const scores = [0, ...without.map((value) => Math.exp(-((value - 3) ** 2))), 0];
    for (const [i, { posts }] of steps.entries()) {
      const mean = scores.slice(0, i + 1).reduce((a, b) => a + b) / (i + 1);
      expect(posts[0]!.payload.error, `round ${i}`).to.be.closeTo(1 - mean, 1e-12);
    }
  });

  it('of two examples one is trained on and one held; of one both; without any nothing is sent', async () => {
    for (const [examples, expected] of [
      [1, [[0], [0]]],
      [2, null],
    ] as const) {
      const { objective, trained, validated } = recording(examples);
      await scriptedClient(fedce, {}, { start, objective }, [around(0.5, 0, 0), around(0.5, 1, 1)]);
      const held = validated[0]!.batch;
      if (expected) expect([trained[0], held]).to.deep.equal(expected);
      else expect([...trained[0]!, ...held].sort()).to.deep.equal([0, 1]);
    }
    const { objective } = recording(0);
    const [empty] = await scriptedClient(fedce, {}, { start, objective }, [around(0.5, 0, 0)]);
    expect(empty!.posts).to.deep.equal([]);
    // Nothing is kept of a round that was none.
    expect([empty!.state.validation, empty!.state.last]).to.deep.equal([new Uint32Array(0), new Float64Array(0)]);
    expect([empty!.state.scores, empty!.state.rounds]).to.deep.equal([0, 0]);
  });

  const update = (from: number, error: number, ...delta: number[]) => ({
    from,
    error,
    delta: Float64Array.from(delta),
  });
  const run = (rounds: readonly (readonly ReturnType<typeof update>[])[], clients: number) =>
    scriptedCoordinator(
      fedce,
      {},
      [],
      start,
      rounds.map((received) => ({ received: { update: received } })),
      clients,
    );

  it('the server weighs by 1 - cosine of an update and the rest of the sum, averaged over the client’s rounds', async () => {
    const [first, second, none] = await run(
      [
        [update(0, 0.5, 1, 0), update(1, 0.5, 1, 0), update(2, 0.5, 0, 1)],
        [update(0, 0.5, 1, 0), update(1, 0.5, 1, 0), update(2, 0.5, 1, 0)],
        [],
      ],
      3,
    );
    // The rest of the sum is (1, 1) / 3 for the first two, (2, 0) / 3 for the third.
    const a = 1 - Math.SQRT1_2;
    const shares = [a, a, 1].map((distance) => distance / (1 + 2 * a));
    near(first!.state.weights, shares);
    near(first!.params, [1 + 2 * shares[0]!, -1 + shares[2]!]);
    for (const [client, share] of shares.entries())
      expect(first!.measures.get(`contribution/${client}`)).to.be.closeTo(share, 1e-12);
    expect(first!.measures.get('largestContribution')).to.be.closeTo(shares[2]!, 1e-12);
    // Then all cosines are 1: mean distances are half of those before, so the shares stay.
    near(second!.state.weights, shares);
    near(second!.params, [1 + 2 * shares[0]! + 1, -1 + shares[2]!]);
    expect(none!.state).to.deep.equal(second!.state);
  });

  it('of a part of the clients those share what they had, and an update of 0 is as far from the others as can be', async () => {
    // The server's cosine of an update of 0 is 0, of (1, 0) and nothing beside it too: distances 1 and 1, so errors decide.
    const [step] = await run([[update(1, 0.2, 1, 0), update(3, 0.6, 0, 0)]], 4);
    near(step!.state.weights, [0.25, 0.5 * 0.25, 0.25, 0.5 * 0.75]);
    near(step!.params, [1 + 0.25, -1]);
    // Beside two that agree, at distance 0, it has all weight but their floors of 1/1000.
    const [beside] = await run([[update(0, 0.5, 1, 0), update(1, 0.5, 1, 0), update(2, 0.5, 0, 0)]], 3);
    expect((beside!.state.weights as Float64Array)[2]).to.be.within(0.996, 0.999);
  });
});
