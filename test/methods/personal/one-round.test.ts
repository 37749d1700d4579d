import { expect } from 'chai';
import type { ReadonlyVector, Vector } from '../../../protocol/method.js';
import ditto from '../../../protocol/methods/personal/ditto.js';
import fedper from '../../../protocol/methods/personal/fedper.js';
import fedrep from '../../../protocol/methods/personal/fedrep.js';
import pfedme from '../../../protocol/methods/personal/pfedme.js';
import { scriptedClient } from '../../support/scripted-client.js';
import { scriptedCoordinator } from '../../support/scripted-coordinator.js';

/** f(y) = (y_1 + … + y_d - 1)^2 / 2 of 4 examples that are alike: each entry's slope is the sum minus 1, so entries depend on each other. */
const objective = {
  exampleCount: 4,
  gradient: async (y: ReadonlyVector) =>
    Float64Array.from(y, () => Array.from(y).reduce((a, b) => a + b) - 1) as Vector,
};
const none = { ...objective, exampleCount: 0 };
const SEGMENTS = [
  { name: 'base/weights', module: 'base', offset: 0, shape: [2] },
  { name: 'head/weights', module: 'head', offset: 2, shape: [1] },
];
const start = Float64Array.of(1, 2, 4);

function near(actual: unknown, expected: readonly number[]): void {
  expect((actual as Vector).length).to.equal(expected.length);
  for (const [i, value] of expected.entries()) expect((actual as Vector)[i], `entry ${i}`).to.be.closeTo(value, 1e-12);
}

describe('one round of a client with a personal model, by hand', () => {
  it('Ditto: the update is of the common model, by its rate and passes; the own one is drawn to the model that came', async () => {
    const settings = { lambda: 0.5, clientLearningRate: 0.1, personalLearningRate: 0.2, personalEpochs: 2 };
    const model = { params: Float64Array.of(2, 0, 0) };
    const [step] = await scriptedClient(ditto, settings, { start, objective }, [{ model }]);
    // At (2, 0, 0) each slope is 1.
    expect(step!.posts.map(({ kind, to }) => [kind, to])).to.deep.equal([['update', 'coordinator']]);
    near(step!.posts[0]!.payload.delta, [-0.1, -0.1, -0.1]);
    expect(step!.posts[0]!.payload.examples).to.equal(4);
    // v = (1, 2, 4): slopes 6, and 0.5 (v - w) = (-0.5, 1, 2); then the sum is 2.9, slopes 1.9.
    const first = [1 - 0.2 * 5.5, 2 - 0.2 * 7, 4 - 0.2 * 8];
    const sum = first.reduce((a, b) => a + b) - 1;
    near(
      step!.state.personal,
      first.map((v, i) => v - 0.2 * (sum + 0.5 * (v - [2, 0, 0][i]!))),
    );
  });

  it('pFedMe: K steps on theta, then one of its copy, R times; the update is how far the copy has moved', async () => {
    const settings = {
      lambda: 2,
      localSteps: 2,
      personalSteps: 2,
      personalLearningRate: 0.1,
      clientLearningRate: 0.25,
    };
    const params = Float64Array.of(2, 0, 0);
    const [step] = await scriptedClient(pfedme, settings, { start, objective }, [{ model: { params } }]);
    let [theta, w] = [[...start], [...params]];
    for (let r = 0; r < 2; r++) {
      for (let k = 0; k < 2; k++) {
        const slope = theta.reduce((a, b) => a + b) - 1;
        theta = theta.map((t, i) => t - 0.1 * (slope + 2 * (t - w[i]!)));
      }
      w = w.map((x, i) => x - 0.25 * 2 * (x - theta[i]!));
    }
    near(step!.state.personal, theta);
    near(
      step!.posts[0]!.payload.delta,
      w.map((x, i) => x - params[i]!),
    );
    expect([...params], 'the model that came stays as it was').to.deep.equal([2, 0, 0]);
  });

  it('FedPer: all layers move together, from the shared ones that came and the own; the shared part travels', async () => {
    const settings = { localEpochs: 1, clientLearningRate: 0.1 };
    const model = { shared: Float64Array.of(3, 3) };
    const [step] = await scriptedClient(fedper, settings, { start, segments: SEGMENTS, objective }, [{ model }]);
    // (3, 3, 4): slopes 9.
    near(step!.posts[0]!.payload.delta, [-0.9, -0.9]);
    near(step!.state.personal, [3.1]);
  });

  it('FedRep: the head alone moves first, for personalEpochs passes, then the shared layers alone with the new head', async () => {
    const settings = { personalEpochs: 2, localEpochs: 1, clientLearningRate: 0.1 };
    const model = { shared: Float64Array.of(3, 3) };
    const [step] = await scriptedClient(fedrep, settings, { start, segments: SEGMENTS, objective }, [{ model }]);
    // Slopes 9, then 8.1: the head is 4 - 0.9 - 0.81; with it slopes are 7.29.
    near(step!.state.personal, [2.29]);
    near(step!.posts[0]!.payload.delta, [-0.729, -0.729]);
  });

  for (const method of [ditto, pfedme, fedper, fedrep])
    it(`${method.name}: without examples, or where no model came, nothing is sent and the own model stays`, async () => {
      const around = { start, segments: SEGMENTS };
      const model = { params: Float64Array.of(2, 0, 0), shared: Float64Array.of(3, 3) };
      const [empty] = await scriptedClient(method, {}, { ...around, objective: none }, [{ model }]);
      const [unreached] = await scriptedClient(method, {}, { ...around, objective }, [null]);
      for (const step of [empty!, unreached!]) {
        expect(step.posts).to.deep.equal([]);
        near(step.state.personal, method === ditto || method === pfedme ? [1, 2, 4] : [4]);
      }
      // One example is enough.
      const single = { ...objective, exampleCount: 1 };
      expect(
        (await scriptedClient(method, {}, { ...around, objective: single }, [{ model }]))[0]!.posts,
      ).to.have.length(1);
    });
});

describe('the server of methods with personal models', () => {
  const from = (client: number, examples: number, ...delta: number[]) => ({
    ...{ from: client, examples, delta: Float64Array.from(delta) },
  });

  it('adds the mean of the updates by examples; pFedMe the plain mean times beta; without updates nothing moves', async () => {
    const updates = [from(0, 1, 4, 0, 0), from(1, 3, 0, 8, -4)];
    const rounds = [{ received: { update: updates } }, { received: { update: [] } }];
    const [common, still] = await scriptedCoordinator(ditto, {}, SEGMENTS, start, rounds);
    near(common!.params, [1 + 1, 2 + 6, 4 - 3]);
    expect(still!.params).to.deep.equal(common!.params);
    const [half, same] = await scriptedCoordinator(pfedme, { beta: 0.5 }, SEGMENTS, start, rounds);
    near(half!.params, [1 + 1, 2 + 2, 4 - 1]);
    expect(same!.params).to.deep.equal(half!.params);
  });

  it('FedPer and FedRep average the shared layers by examples, and keep the head that every client begins with', async () => {
    const rounds = [{ received: { update: [from(0, 1, 4, 0), from(1, 3, 0, 8)] } }, { received: { update: [] } }];
    for (const method of [fedper, fedrep]) {
      const [moved, still] = await scriptedCoordinator(method, {}, SEGMENTS, start, rounds);
      near(moved!.state.shared, [1 + 1, 2 + 6]);
      near(moved!.state.initial, [4]);
      expect(still!.state).to.deep.equal(moved!.state);
    }
  });
});
