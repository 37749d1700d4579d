import { expect } from 'chai';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { type TinyRun, tinyRun, tinyScenario } from '../../support/tiny-run.js';

type Rule = Scenario['faults'][number];

const rule = (settings: Partial<Rule>): Rule =>
  ({ fault: 'scale', from: 0, until: null, kind: null, direction: 'all', senders: 'all', ...settings }) as Rule;

const ring = { name: 'ring', weights: 'metropolis', lazy: false } as Scenario['topology'];

const paramsOf = ({ records }: TinyRun): Float64Array =>
  (records.get('coordinator')!.state as { readonly params: Float64Array }).params;

describe('protocol/faults/scale', () => {
  it('one of four clients that sends 100 times its gradient moves the mean by 99/4 of its own, under any method', async () => {
    const quarter = async (factors: readonly number[]) => {
      const faults = factors.map((factor, sender) => rule({ kind: 'gradient', senders: [sender], factor }));
      const method = { name: 'sgd', optimizer: { name: 'sgd', learningRate: 1 } } as unknown as Scenario['method'];
      return paramsOf(await tinyRun(tinyScenario('sgd', { method, faults, rounds: 1, precision: 'float64' })));
    };
    const none = await quarter([0, 0, 0, 0]);
    const plain = await quarter([1, 1, 1, 1]);
    const own = await quarter([1, 0, 0, 0]);
    const attacked = await quarter([100, 1, 1, 1]);
    for (let j = 0; j < none.length; j++) {
      const [step, first] = [plain[j]! - none[j]!, own[j]! - none[j]!];
      expect(attacked[j]! - none[j]!).to.be.closeTo(step + 99 * first, 1e-10 * (1 + Math.abs(first)));
    }
  });

  it('is the attack scaling where no codec changes a number, and not where one does: the attack is past the codec', async () => {
    const attack = { fault: 'byzantine', kind: 'gradient', clients: [2], attack: { name: 'scaling', factor: 100 } };
    const forged = { from: 0, until: null, ...attack } as Rule;
    const scaled = rule({ kind: 'gradient', senders: [2], factor: 100 });
    const states = async (faults: readonly Rule[], codec: string) => {
      const codecs = { gradient: { codec: { name: codec }, memory: null, scope: 'vector' as const } };
      return (await tinyRun(tinyScenario('sgd', { faults, codecs }))).states;
    };
    expect(await states([scaled], 'identity')).to.deep.equal(await states([forged], 'identity'));
    expect(await states([scaled], 'qsgd')).to.not.deep.equal(await states([forged], 'qsgd'));
    expect(await states([scaled], 'identity')).to.not.deep.equal(await states([], 'identity'));
  });

  for (const [method, kind, topology] of [
    ['scaffold', 'update', null],
    ['dgd', 'params', ring],
    ['vrgd', 'gradient', null],
  ] as const)
    it(`${method}: by 1 nothing changes, by -3 from client 2 in round 3 the state does, with equal bits in three processes`, async () => {
      const scenario = (faults: readonly Rule[]) => tinyScenario(method, { faults, topology });
      const plain = await tinyRun(scenario([]));
      const same = await tinyRun(scenario([rule({ factor: 1 })]));
      expect(same.states).to.deep.equal(plain.states);
      const attack = scenario([
        rule({ senders: [2], direction: topology ? 'peer' : 'up', from: 2, until: 3, factor: -3 }),
      ]);
      const run = await tinyRun(attack);
      expect(run.firings[0]).to.be.above(0);
      expect(run.states, kind).to.not.deep.equal(plain.states);
      expect((await tinyRun(attack, { hosts: [[0, 3], [1], [2]] })).states).to.deep.equal(run.states);
    });
});
