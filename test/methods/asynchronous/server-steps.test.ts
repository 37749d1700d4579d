import { expect } from 'chai';
import { loadMethod } from '../../../protocol/method-loader.js';
import { maskForDealer } from '../../../protocol/privacy/secure-sum/mask-dealer.js';
import { toResidues } from '../../../protocol/privacy/secure-sum/secure-aggregation.js';
import { systemSecrets } from '../../../worker/secrets.js';
import { scriptedClient } from '../../support/scripted-client.js';
import { scriptedTasks } from '../../support/scripted-tasks.js';

const start = Float64Array.of(10, -10);
const [fedasync, fedat, fedbuff, fedbuffSecure] = await Promise.all(
  ['fedasync', 'fedat', 'fedbuff', 'fedbuff-secure'].map(loadMethod),
);
const update = (from: number, age: number, ...delta: number[]) => ({ from, age, delta: Float64Array.from(delta) });
const local = (from: number, age: number, value: number, examples = 1) => ({
  ...{ from, age, examples },
  params: Float64Array.of(value, value),
});

function near(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-12): void {
  expect(actual.length).to.equal(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i], `entry ${i}`).to.be.closeTo(value, tolerance);
}

describe('server steps of asynchronous methods', () => {
  it('FedAsync: the first answer alone, mixed in by alpha times its weight by age; without one nothing moves', async () => {
    const settings = { mixing: 0.5, staleness: 'polynomial', stalenessExponent: 1 };
    const [fresh, stale, none] = await scriptedTasks(fedasync!, settings, { start }, [
      () => [local(0, 0, 0), local(1, 0, 99)],
      () => [local(1, 3, 1)],
      () => [],
    ]);
    near(fresh!.params, [5, -5]);
    // alpha 0.5 / (1 + 3).
    near(stale!.params, [5 + (1 - 5) / 8, -5 + (1 + 5) / 8]);
    expect([fresh!.taken, fresh!.measures.get('age'), stale!.measures.get('age')]).to.deep.equal([1, 0, 3]);
    expect(none!.params).to.deep.equal(stale!.params);
    expect(none!.measures.has('age')).to.equal(false);
  });

  it('FedBuff: K answers by their weights, divided by K and not by the weights; of fewer at the end by their number', async () => {
    const settings = { bufferSize: 2, serverLearningRate: 0.5, staleness: 'polynomial', stalenessExponent: 1 };
    const [whole, rest, none] = await scriptedTasks(fedbuff!, settings, { start }, [
      () => [update(0, 0, 4, 0), update(1, 3, 8, 16), update(2, 0, 99, 99)],
      () => [update(0, 1, 4, -8)],
      () => [],
    ]);
    // 0.5 (d_1 + d_2 / 4) / 2
    near(whole!.params, [10 + 1.5, -10 + 1]);
    expect([whole!.taken, whole!.measures.get('age')]).to.deep.equal([2, 1.5]);
    near(rest!.params, [11.5 + 1, -9 - 2]);
    expect(rest!.measures.get('age')).to.equal(1);
    expect(none!.params).to.deep.equal(rest!.params);
  });

  it('FedBuff with a server optimizer: minus the mean of the buffer is its gradient, with the rate of SGD the same step', async () => {
    const script = [() => [update(0, 0, 4, 0), update(1, 0, 8, 16)], () => [update(0, 0, 1, 1), update(1, 1, 3, 1)]];
    const settings = { bufferSize: 2, serverLearningRate: 0.5 };
    const sgd = { ...settings, serverOptimizer: { name: 'sgd', learningRate: 1 } };
    const momentum = {
      ...settings,
      serverOptimizer: { name: 'momentum', learningRate: 1, momentum: 0.5, nesterov: false },
    };
    const [plain, bySgd, byMomentum] = await Promise.all(
      [settings, sgd, momentum].map((given) =>
        scriptedTasks(fedbuff!, { ...given, staleness: 'constant' }, { start }, script),
      ),
    );
    near(plain![1]!.params, [10 + 3 + 1, -10 + 4 + 0.5]);
    near(bySgd![1]!.params, [...plain![1]!.params]);
    // The second step has half of the first one's direction too.
    near(byMomentum![1]!.params, [14 + 1.5, -5.5 + 2]);
  });

  it('FedBuff, masked: whole weights from 1 to weightLevels by age, however old; K times weightLevels divides', async () => {
    const settings = {
      ...{ bufferSize: 2, range: 2, weightLevels: 4, serverLearningRate: 0.5 },
      ...{ staleness: 'polynomial', stalenessExponent: 1 },
    };
    const levels = Math.floor((2 ** 31 - 1) / (2 * 4));
    // Entries 2 and -1 of a range of 2.
    const values = Int32Array.of(levels, -levels / 2);
    const answer = async (dealerKey: Uint8Array, from: number, step: number, now: number) => {
      const whose = { client: from, step };
      const masked = await maskForDealer(toResidues(values, 32), dealerKey, whose, systemSecrets);
      return { from, age: now - step, ...masked };
    };
    const keyOf = (offer: object) => (offer as { readonly dealerKey: Uint8Array }).dealerKey;
    // Ages 0 and 0; then 1, whose weight is 2 of 4, and 1001, whose weight would round to 0.
    const steps = await scriptedTasks(fedbuffSecure!, settings, { start, secrets: systemSecrets }, [
      async (offer, now) => [await answer(keyOf(offer), 0, 0, now), await answer(keyOf(offer), 1, 0, now)],
      async (offer, now) => [await answer(keyOf(offer), 0, 0, now), await answer(keyOf(offer), 1, now - 1001, now)],
    ]);
    near(steps[0]!.params, [10 + 0.5 * 2, -10 - 0.5 * 1], 1e-8);
    // 0.5 (2 + 1) / (2 x 4) of the update.
    near(steps[1]!.params, [11 + (2 * 1.5) / 8, -10.5 - 1.5 / 8], 1e-8);
    expect(steps.map(({ measures }) => measures.get('age'))).to.deep.equal([0, 501]);
    expect(steps.map(({ measures }) => measures.get('repeatedAnswers'))).to.deep.equal([0, 0]);
    expect(steps.map(({ measures }) => measures.get('unopenedAnswers'))).to.deep.equal([0, 0]);
  });

  it('a client of any of them answers with one example, and without examples or a model sends nothing', async () => {
    const model = { params: start, dealerKey: (await systemSecrets.keyPair()).publicKey };
    for (const method of [fedasync, fedat, fedbuff, fedbuffSecure])
      for (const [exampleCount, received, sent] of [
        [1, { model }, 1],
        [0, { model }, 0],
        [1, null, 0],
      ] as const) {
        const objective = { exampleCount, gradient: async () => Float64Array.of(1, 1) };
        const around = { start, objective, secrets: systemSecrets };
        const [step] = await scriptedClient(method!, {}, around, [received]);
        expect(step!.posts.length, `${method!.name}, ${exampleCount} examples`).to.equal(sent);
      }
  });

  it('FedBuff, masked: a client sends its difference to the nearest level, cut to the range, and counts what was cut', async () => {
    const gradient = Float64Array.of(3, -2.5, 1, 1 / 3, 0, -2);
    const settings = { bufferSize: 8, range: 2, weightLevels: 65536, sum: 'clear', clientLearningRate: 1 };
    const objective = { exampleCount: 4, gradient: async () => gradient };
    const start = new Float64Array(6);
    const model = { params: start, dealerKey: (await systemSecrets.keyPair()).publicKey };
    const around = { start, objective, secrets: systemSecrets };
    const [step] = await scriptedClient(fedbuffSecure!, settings, around, [{ model }]);
    // floor((2^31 - 1) / (8 x 65536)) = 4095 levels for 2, with the sign of a step against the gradient.
    const entries = Array.from(step!.posts[0]!.payload.residues as Uint32Array, (residue) => residue | 0);
    expect(entries).to.deep.equal([-4095, 4095, -2047, -682, 0, 4095]);
    expect(step!.measures.get('cutEntries')).to.equal(2);
  });

  it('FedAT: a tier ends its round with its quorum; who has answered in it waits; the age is the mean of all that came', async () => {
    // Four clients in two tiers of two.
    const settings = { tiers: 2, quorum: 1, tierWeights: 'equal' };
    const steps = await scriptedTasks(fedat!, settings, { start: Float64Array.of(0, 0), clientCount: 4 }, [
      () => [local(3, 0, 1, 1), local(1, 0, 5, 3)],
      () => [local(0, 2, 8), local(1, 1, 9), local(3, 0, 7), local(2, 0, 99)],
      () => [],
    ]);
    // (1 + 3 x 5) / 4 = 4 of tier 1, and the initial model of tier 2.
    near(steps[0]!.params, [2, 2]);
    expect([steps[0]!.to, steps[0]!.taken, steps[0]!.measures.get('tier')]).to.deep.equal([[0, 1, 2, 3], 2, 1]);
    // Client 0 began tier 2 and waits; the tier of 3 and 1 ends again with the mean 8 of 9 and 7.
    near(steps[1]!.params, [4, 4]);
    expect([steps[1]!.to, steps[1]!.taken, steps[1]!.measures.get('age')]).to.deep.equal([[0, 1, 2, 3], 3, 1]);
    // No client is at work any more: the open round of tier 2 ends with what it has.
    near(steps[2]!.params, [8, 8]);
    expect(steps[2]!.to).to.deep.equal([1, 2, 3]);
  });

  it('FedAT: as many tiers as clients are accepted, one more is refused', () => {
    const plan = (tiers: number) => () =>
      fedat!.checkPlan!({ ...fedat!.settings.defaults, tiers }, { clients: 4 } as never);
    expect(plan(4)).to.not.throw();
    expect(plan(5)).to.throw('ERR_SCENARIO: method.tiers: expected at most the 4 clients, got 5');
  });

  it('FedAT: half of a tier of four is a quorum at the second answer, and crossed weights are those of the other tier’s rounds', async () => {
    const settings = { tiers: 2, quorum: 0.5 };
    const steps = await scriptedTasks(fedat!, settings, { start: Float64Array.of(0, 0), clientCount: 8 }, [
      () => [local(0, 0, 2), local(1, 0, 4), local(2, 0, 99)],
      () => [local(2, 1, 6), local(3, 1, 6)],
    ]);
    expect(steps.map(({ taken }) => taken)).to.deep.equal([2, 2]);
    // Counts of 1 + rounds: (2, 1), so w_1 has 1/3; then (3, 1), and w_1 has 1/4.
    near(steps[0]!.params, [1, 1]);
    near(steps[1]!.params, [1.5, 1.5]);
  });
});
