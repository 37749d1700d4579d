import { expect } from 'chai';
import { loadChains } from '../../../protocol/aggregators/parts/chain.js';
import type { AttackerSight } from '../../../protocol/attacks/attack.js';
import type { PartyId } from '../../../protocol/method.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { scale } from '../../../protocol/numerics/vector.js';
import { ArrivalRules } from '../../../protocol/party/arrival-rules.js';
import { type ActingAttack, type InboxAddress, InboxRules } from '../../../protocol/party/inbox-rules.js';
import type { KindLayout } from '../../../protocol/wire/layout.js';

const layout = { name: 'update', vectors: ['x'] } as unknown as KindLayout;
const address: InboxAddress = { receiver: 'coordinator', round: 9, layout, step: 0 };
const streams = rootStream(1, 'float64');

/** Clients 2 and 3 are Byzantine; each sends 1000 times its own vector. What an attacker saw, and the address of its stream, is kept. */
async function rulesWith(aggregators: Record<string, { name: string; [setting: string]: unknown }[]>, alone = false) {
  const sights: (AttackerSight & { readonly sum: number })[] = [];
  const streamed: string[] = [];
  const attack: ActingAttack = {
    attack: {
      forge(sight) {
        sights.push({ ...sight, sum: sight.aggregate([...sight.honest, ...sight.own])[0]! });
        return sight.own.map((vector) => scale(1000, vector));
      },
    },
    concerns: () => true,
    isByzantine: (sender: PartyId) => sender === 2 || sender === 3,
    remembers: false,
    ownAlone: alone,
    acted() {},
    stream: ({ round, step }) => {
      streamed.push(`${round} ${step}`);
      return streams;
    },
  };
  const rules = new InboxRules([attack], await loadChains(aggregators), () => streams);
  return { rules: new ArrivalRules(rules, address, null), sights, streamed, again: rules };
}

const answer = (from: number, value: number) => ({ from, x: Float64Array.of(value), age: from });
const plain = (vectors: readonly ArrayLike<number>[]) => vectors.map((vector) => vector[0]);

describe('attacks and robust sums where answers come one at a time', () => {
  it('an attacker sees the last answer of each client that has arrived, its fellows before their forgery, and none that is still to come', async () => {
    const { rules, sights, streamed } = await rulesWith({});
    const arrive = (from: number, value: number, number: number) =>
      rules.arrived(answer(from, value), { given: 4, number }, null).x as Float64Array;
    expect(arrive(3, 30, 0)[0]).to.equal(30_000);
    // Alone so far: an attacker then takes its own for what the honest send.
    expect(plain(sights[0]!.honest)).to.deep.equal([30]);
    expect(arrive(1, 1, 1)[0]).to.equal(1);
    arrive(0, 5, 2);
    arrive(0, 6, 3);
    expect(arrive(2, 20, 4)[0]).to.equal(20_000);
    const { honest, own, previous } = sights[1]!;
    expect(plain(honest)).to.deep.equal([6, 1]);
    expect(plain(own)).to.deep.equal([20, 30]);
    expect(previous.map((vector) => vector?.[0] ?? null)).to.deep.equal([null, 30]);
    expect(streamed, 'a stream for each task').to.deep.equal(['4 0', '4 4']);
  });

  it('what attackers saw continues from the record, and is not kept for attacks that look at their own vectors alone', async () => {
    const first = await rulesWith({});
    first.rules.arrived(answer(0, 7), { given: 1, number: 0 }, null);
    const { sights, again } = await rulesWith({});
    const resumed = new ArrivalRules(again, address, first.rules.memory);
    resumed.arrived(answer(2, 20), { given: 1, number: 1 }, null);
    expect(plain(sights[0]!.honest)).to.deep.equal([7]);
    const alone = await rulesWith({}, true);
    alone.rules.arrived(answer(0, 7), { given: 1, number: 0 }, null);
    alone.rules.arrived(answer(2, 20), { given: 1, number: 1 }, null);
    expect(alone.rules.memory.forgers).to.deep.equal({});
  });

  it('a fold is summed whatever the ages, answers keep their other fields, and an attacker guesses the mean while it has seen too few', async () => {
    const { rules, sights } = await rulesWith({ update: [{ name: 'trimmed-mean', byzantine: 1 }] });
    const arrived = [answer(2, 9), answer(0, 1), answer(1, 3)].map((each, number) =>
      rules.arrived(each, { given: 0, number }, null),
    );
    expect(sights[0]!.sum).to.equal(9);
    const folded = rules.fold(arrived, null);
    expect(folded.map(({ from, age, x }) => [from, age, (x as Float64Array)[0]])).to.deep.equal([
      [2, 2, 3],
      [0, 0, 3],
      [1, 1, 3],
    ]);
  });

  it('rules see differences from the model around which answers are, and begin there', async () => {
    const { rules } = await rulesWith({ update: [{ name: 'centered-clipping', radius: 1 }] });
    const around = Float64Array.of(100);
    // 50 away, of which 1 counts; then from there on.
    expect((rules.fold([answer(0, 150)], around)[0]!.x as Float64Array)[0]).to.equal(101);
    expect((rules.fold([answer(0, 150)], around)[0]!.x as Float64Array)[0]).to.equal(102);
    expect(rules.memory.aggregate![0]).to.equal(2);
  });
});
