import { expect } from 'chai';
import { availability, bernoulliAvailability } from '../../../protocol/faults/availability.js';
import { burstLoss } from '../../../protocol/faults/burst-loss.js';
import { byzantine } from '../../../protocol/faults/byzantine.js';
import { channelNoise } from '../../../protocol/faults/channel-noise.js';
import { corrupt } from '../../../protocol/faults/corrupt.js';
import { crash } from '../../../protocol/faults/crash.js';
import { delay } from '../../../protocol/faults/delay.js';
import { diurnalAvailability } from '../../../protocol/faults/diurnal-availability.js';
import { drop } from '../../../protocol/faults/drop.js';
import { duplicate } from '../../../protocol/faults/duplicate.js';
import { always, at, during } from '../../../protocol/faults/fault.js';
import { gradientNoise } from '../../../protocol/faults/gradient-noise.js';
import { labelFlip } from '../../../protocol/faults/label-flip.js';
import { partition } from '../../../protocol/faults/partition.js';
import { slow } from '../../../protocol/faults/slow.js';
import { symmetricDrop } from '../../../protocol/faults/symmetric-drop.js';
import { createNetwork } from '../../../protocol/links/network.js';
import type { FaultRule } from '../../../protocol/scenario/scenario.js';
import { bodyBytes } from '../../../protocol/wire/frame.js';
import { type KindLayout, layoutsOf } from '../../../protocol/wire/layout.js';
import { frameOf, judge, layoutOf, link, networkOf } from '../../support/hand-made-frames.js';
import { tinyScenario } from '../../support/tiny-run.js';

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('fault rules on hand-made frames', () => {
  it('a scenario without links and faults has no network, no send and no receive transform', () => {
    const { network, receiveTransform, sendTransform } = networkOf([]);
    expect([network, receiveTransform, sendTransform]).to.deep.equal([null, null, null]);
  });

  it('a frame that no link and no rule touches has no passage at all', () => {
    const network = networkOf([always(drop({ probability: 0 }))], { links: [link()] });
    expect(judge(network, 'update', frameOf('update', { from: 1, to: 'coordinator' }))).to.equal(null);
  });

  it('drop 0.3 loses 6000 of 20000 frames, within 5 sigma = 324 (seed 2024)', () => {
    const network = networkOf([always(drop({ probability: 0.3 }))]);
    let lost = 0;
    for (const round of range(5000))
      for (const from of range(4))
        if (judge(network, 'update', frameOf('update', { from, to: 'coordinator', round }))?.lost === 'dropped') lost++;
    expect(lost).to.be.within(6000 - 324, 6000 + 324);
    expect(network.firings()).to.deep.equal([lost]);
  });

  it('a rule looks only at its kind, direction, senders, receivers and rounds', () => {
    const filter = { probability: 1, kind: 'iterate', direction: 'peer', senders: [1, 2], receivers: [3] } as const;
    const network = networkOf([during(5, 7, drop(filter))]);
    const lost = (kind: string, from: number, to: number | 'coordinator', round: number) =>
      judge(network, kind, frameOf(kind, { from, to, round }))?.lost ?? null;
    expect(lost('iterate', 1, 3, 5)).to.equal('dropped');
    expect(lost('iterate', 2, 3, 6)).to.equal('dropped');
    expect(lost('iterate', 1, 3, 4), 'before').to.equal(null);
    expect(lost('iterate', 1, 3, 7), 'after').to.equal(null);
    expect(lost('iterate', 3, 3, 5), 'another sender').to.equal(null);
    expect(lost('iterate', 1, 2, 5), 'another receiver').to.equal(null);
    expect(lost('update', 1, 'coordinator', 5), 'another kind').to.equal(null);
  });

  it("what may not be lost is late by two latencies and its transfer time, or by the link's retransmitMs", () => {
    // 1000 bytes at 1 Mbit/s take 8 ms.
    const slowLink = link({ latencyMs: 20, bandwidthMbps: 1 });
    const frame = frameOf('seed', { from: 'coordinator', to: 1 });
    const dropped = networkOf([always(drop({ probability: 1 }))], { links: [slowLink] });
    expect(judge(dropped, 'seed', frame)).to.include({ lost: null, delayMs: 28 + 48 });
    expect(dropped.firings()).to.deep.equal([1]);
    const corrupted = networkOf([always(corrupt({ probability: 1 }))], { links: [slowLink] });
    expect(judge(corrupted, 'seed', frame)).to.include({ lost: null, corruptedBit: null, delayMs: 28 + 48 });
    const repeating = networkOf([always(drop({ probability: 1 }))], { links: [{ ...slowLink, retransmitMs: 300 }] });
    expect(judge(repeating, 'seed', frame)).to.include({ lost: null, delayMs: 28 + 300 });
  });

  it('delays add up and the first other verdict ends the judging: later rules do not fire', () => {
    const rules = [
      delay({ delayMs: 5 }),
      delay({ delayMs: 7 }),
      drop({ probability: 1 }),
      duplicate({ probability: 1 }),
    ];
    const network = networkOf(rules.map(always), { links: [link({ latencyMs: 100 })] });
    const passage = judge(network, 'update', frameOf('update', { from: 1, to: 'coordinator' }));
    expect(passage).to.deep.equal({ delayMs: 112, heldMs: 0, lost: 'dropped', duplicated: false, corruptedBit: null });
    expect(network.firings()).to.deep.equal([1, 1, 1, 0]);
  });

  it('takeFirings gives what is new, firings all', () => {
    const network = networkOf([always(duplicate({ probability: 1 }))]);
    const frame = frameOf('update', { from: 1, to: 'coordinator' });
    judge(network, 'update', frame);
    judge(network, 'update', frame);
    expect(network.takeFirings()).to.deep.equal([2]);
    judge(network, 'update', frame);
    expect([network.takeFirings(), network.firings()]).to.deep.equal([[1], [3]]);
  });

  it('corrupt flips every bit of a body with like probability: mean position within 5 sigma over 2000 frames', () => {
    const network = networkOf([always(corrupt({ probability: 1 }))]);
    const bits = 8 * bodyBytes(frameOf('update', { from: 1, to: 'coordinator' }));
    let sum = 0;
    for (const round of range(2000)) {
      const bit = judge(network, 'update', frameOf('update', { from: 1, to: 'coordinator', round }))!.corruptedBit!;
      expect(bit).to.be.within(0, bits - 1);
      sum += bit;
    }
    expect(sum / 2000).to.be.closeTo((bits - 1) / 2, (5 * bits) / Math.sqrt(12 * 2000));
  });

  it('corrupt does nothing to a frame without a body, and does not fire', () => {
    const network = networkOf([always(corrupt({ probability: 1 }))]);
    expect(judge(network, 'update', frameOf('update', { from: 1, to: 'coordinator', messages: [] }))).to.equal(null);
    expect(network.firings()).to.deep.equal([0]);
  });

  it('a partition loses exactly the frames between its groups; a client in no group reaches all', () => {
    const network = networkOf([during(2, 3, partition(['coordinator', 0, 1], [2, 3]))]);
    const lost = (kind: string, from: number | 'coordinator', to: number | 'coordinator', round = 2) =>
      judge(network, kind, frameOf(kind, { from, to, round }))?.lost === 'dropped';
    expect(lost('iterate', 0, 2) && lost('iterate', 3, 1) && lost('model', 'coordinator', 3)).to.equal(true);
    expect(lost('iterate', 0, 1) || lost('iterate', 2, 3) || lost('model', 'coordinator', 0)).to.equal(false);
    expect(lost('iterate', 4, 2) || lost('iterate', 0, 4)).to.equal(false);
    expect(lost('iterate', 0, 2, 1) || lost('iterate', 0, 2, 3)).to.equal(false);
  });

  it('symmetric-drop takes both directions of an edge, all steps and kinds, for a whole round; 0.3 of 6000 within 5 sigma', () => {
    const network = networkOf([always(symmetricDrop({ probability: 0.3 }))]);
    let down = 0;
    for (const round of range(1000))
      for (const [a, b] of [
        [0, 1],
        [1, 2],
        [0, 2],
        [5, 3],
        [7, 0],
        [6, 7],
      ] as const) {
        const there = judge(network, 'iterate', frameOf('iterate', { from: a, to: b, round }))?.lost;
        const back = judge(network, 'iterate', frameOf('iterate', { from: b, to: a, round, step: 3 }))?.lost;
        expect(there).to.equal(back);
        if (there) down++;
      }
    expect(down).to.be.within(1800 - 178, 1800 + 178);
    expect(judge(network, 'update', frameOf('update', { from: 1, to: 'coordinator' }))).to.equal(null);
  });

  it('burst-loss 0.05 / 0.25: bad share 1/6 within 4 sigma x sqrt(17/3), bursts of 4 rounds within 5 sigma (20000 rounds)', () => {
    const network = networkOf([always(burstLoss({ goodToBad: 0.05, badToGood: 0.25 }))]);
    const lost = range(20_000).map(
      (round) => judge(network, 'iterate', frameOf('iterate', { from: 1, to: 2, round }))?.lost === 'dropped',
    );
    const count = lost.filter(Boolean).length;
    const bursts = lost.filter((bad, i) => bad && !lost[i - 1]).length;
    // Correlation 0.7 a round inflates the variance by (1 + 0.7) / (1 - 0.7) = 17/3.
    expect(count / 20_000).to.be.closeTo(1 / 6, 4 * Math.sqrt(((1 / 6) * (5 / 6) * (17 / 3)) / 20_000));
    expect(count / bursts).to.be.closeTo(4, (5 * Math.sqrt(0.75)) / 0.25 / Math.sqrt(bursts));
  });

  it('burst-loss: links are independent, and each is bad in the same rounds for all its frames', () => {
    const network = networkOf([always(burstLoss({ goodToBad: 0.5, badToGood: 0.5 }))]);
    const bad = (from: number, to: number, round: number, step = 0) =>
      judge(network, 'iterate', frameOf('iterate', { from, to, round, step }))?.lost === 'dropped';
    for (const round of range(50)) expect(bad(1, 2, round)).to.equal(bad(1, 2, round, 4));
    const agree = range(2000).filter((round) => bad(1, 2, round) === bad(2, 1, round)).length;
    expect(agree).to.be.within(1000 - 112, 1000 + 112);
  });

  for (const [goodToBad, badToGood] of [
    [0.02, 0.1],
    [0.9, 0.8],
    [1, 1],
    [0, 0],
  ] as const)
    it(`burst-loss ${goodToBad} / ${badToGood}: a round's state does not depend on which rounds were asked before`, () => {
      const rule = always(burstLoss({ goodToBad, badToGood }));
      const states = (rounds: readonly number[]) => {
        const network = networkOf([rule]);
        const found = new Map<number, boolean>();
        for (const round of rounds)
          found.set(round, judge(network, 'iterate', frameOf('iterate', { from: 1, to: 2, round })) !== null);
        return range(60).map((round) => found.get(round));
      };
      const forward = states(range(60));
      expect(states(range(60).reverse())).to.deep.equal(forward);
      expect(states([...range(60).filter((round) => round % 3 > 0), ...range(60)])).to.deep.equal(forward);
      for (const round of range(60))
        expect(judge(networkOf([rule]), 'iterate', frameOf('iterate', { from: 1, to: 2, round })) !== null).to.equal(
          forward[round],
        );
      // With both probabilities 1 the link is good and bad by turns; with both 0 it is always good.
      if (goodToBad === 1) for (const round of range(59)) expect(forward[round + 1]).to.equal(!forward[round]);
      if (goodToBad === 0) expect(forward.some(Boolean)).to.equal(false);
    });

  it('losses of good and bad rounds differ: 0.1 in good ones and 0.6 in bad ones give 0.35 at even odds (5 sigma)', () => {
    const rule = always(burstLoss({ goodToBad: 0.5, badToGood: 0.5, lossInGood: 0.1, lossInBad: 0.6 }));
    const network = networkOf([rule]);
    const lost = range(10_000).filter((round) =>
      judge(network, 'iterate', frameOf('iterate', { from: 1, to: 2, round })),
    );
    expect(lost.length / 10_000).to.be.closeTo(0.35, 5 * Math.sqrt((0.35 * 0.65) / 10_000));
  });

  it('verdicts do not depend on the order of judging, on the process or on how often a frame is judged', () => {
    const rules = [
      always(drop({ probability: 0.2 })),
      always(burstLoss({ goodToBad: 0.2, badToGood: 0.3, lossInBad: 0.5 })),
      always(symmetricDrop({ probability: 0.1 })),
      always(delay({ delayMs: 3, jitterMs: 5, probability: 0.5 })),
      always(duplicate({ probability: 0.2 })),
      always(corrupt({ probability: 0.2 })),
    ];
    const links = { links: [link({ latencyMs: 2, jitterMs: 9 })] };
    const frames = range(400).map((i) =>
      frameOf('iterate', { from: i % 8, to: (i + 1 + (i % 5)) % 8, round: i % 23, attempt: i % 2, step: i % 3 }),
    );
    const one = networkOf(rules, links);
    const there = frames.map((frame) => judge(one, 'iterate', frame));
    const other = networkOf(rules, links);
    const back = [...frames].reverse().map((frame) => judge(other, 'iterate', frame));
    expect(back.reverse()).to.deep.equal(there);
    expect(frames.map((frame) => judge(one, 'iterate', frame))).to.deep.equal(there);
    const kinds = new Set(
      there.map((passage) =>
        JSON.stringify([passage?.lost, passage?.duplicated, (passage?.corruptedBit ?? null) !== null]),
      ),
    );
    expect(kinds.size, 'the four fates that a frame can have').to.equal(4);
  });

  it('a rule of another fault in front of it changes no draw of a rule, one of the same fault does', () => {
    const fates = (...faults: Parameters<typeof networkOf>[0]) => {
      const network = networkOf(faults);
      return range(200).map(
        (round) => judge(network, 'update', frameOf('update', { from: 1, to: 'coordinator', round }))?.lost ?? null,
      );
    };
    const rule = always(drop({ probability: 0.5 }));
    expect(fates(always(delay({ delayMs: 1 })), rule)).to.deep.equal(fates(rule));
    expect(fates(at(1000, drop({ probability: 1 })), rule)).to.not.deep.equal(fates(rule));
  });

  it('another attempt at a round draws again', () => {
    const network = networkOf([always(drop({ probability: 0.5 }))]);
    const fates = (attempt: number) =>
      range(100).map(
        (round) => judge(network, 'update', frameOf('update', { from: 1, to: 'coordinator', round, attempt }))?.lost,
      );
    expect(fates(1)).to.not.deep.equal(fates(0));
  });

  it('under the wall clock links and delays hold a frame for real time, bandwidth left to the sockets', () => {
    const links = [link({ latencyMs: 20, bandwidthMbps: 1 })];
    const network = networkOf([always(delay({ delayMs: 5 }))], { links, clock: 'wall' });
    const passage = judge(network, 'update', frameOf('update', { from: 1, to: 'coordinator' }));
    expect(passage).to.include({ delayMs: 0, heldMs: 25 });
  });

  it('a fault that no file defines is refused by name', () => {
    const rule = { fault: 'gremlin', from: 0, until: null } as FaultRule;
    const scenario = tinyScenario('dgd', { faults: [rule] });
    expect(() => createNetwork(scenario)).to.throw(
      /ERR_SCENARIO: faults.0.fault: expected the name of a fault \(.*drop.*\), got 'gremlin'/,
    );
  });
});

describe('fault rules on clients', () => {
  const allClients = range(8);
  const away = (network: ReturnType<typeof networkOf>, round: number) =>
    network.scriptedAbsences(round, allClients).map(({ from }) => from);

  it('a crash begins in its first round, lasts downRounds and is forgotten in the round after it', () => {
    const network = networkOf([at(3, crash({ client: 5, downRounds: 2, memory: 'lost' }))]);
    expect(range(7).map((round) => away(network, round))).to.deep.equal([[], [], [], [5], [5], [], []]);
    expect(range(7).map((round) => network.forgotten(round))).to.deep.equal([[], [], [], [], [], [5], []]);
    expect(network.firings()).to.deep.equal([2]);
  });

  it('a crash without downRounds lasts as long as its rule, and with memory kept no client loses its state', () => {
    const network = networkOf([during(1, 4, crash({ clients: [2, 6] }))]);
    expect(range(6).map((round) => away(network, round))).to.deep.equal([[], [2, 6], [2, 6], [2, 6], [], []]);
    expect(range(6).flatMap((round) => network.forgotten(round))).to.deep.equal([]);
  });

  it('only invited clients are absent, each once, ascending, whatever rules name them', () => {
    const network = networkOf([always(crash({ clients: [6, 2] })), always(crash({ clients: [1, 6] }))]);
    expect(network.scriptedAbsences(0, [0, 2, 6])).to.deep.equal([
      { from: 2, why: 'crashed' },
      { from: 6, why: 'crashed' },
    ]);
    expect(network.firings()).to.deep.equal([2, 1]);
  });

  it('a second attempt at a round fires no rule again', () => {
    const network = networkOf([always(crash({ client: 1 })), always(slow({ clients: [2], factor: 3 }))], {
      devices: [{ clients: 'all', msPerExample: 4, msPerRound: 10, nsPerParameterCoded: 2 }],
    });
    for (const round of [0, 0, 1]) {
      network.scriptedAbsences(round, allClients);
      network.deviceTime(2, round);
      network.deviceTime(2, round);
    }
    expect(network.firings()).to.deep.equal([2, 2]);
  });

  it('slow multiplies all times of its clients in its rounds; the last device that names a client counts', () => {
    const network = networkOf([during(1, 2, slow({ clients: [2], factor: 3 }))], {
      devices: [
        { clients: 'all', msPerExample: 1, msPerRound: 1, nsPerParameterCoded: 1 },
        { clients: [2, 3], msPerExample: 4, msPerRound: 10, nsPerParameterCoded: 2 },
      ],
    });
    expect(network.deviceTime(2, 1)).to.deep.include({ msPerExample: 12, msPerRound: 30, nsPerParameterCoded: 6 });
    expect(network.deviceTime(2, 0)).to.deep.include({ msPerExample: 4, msPerRound: 10, nsPerParameterCoded: 2 });
    expect(network.deviceTime(3, 1)).to.deep.include({ msPerExample: 4 });
    expect(network.deviceTime(0, 1)).to.deep.include({ msPerExample: 1 });
    expect(network.deviceTime('coordinator', 1)).to.deep.include({ msPerExample: 0, msPerRound: 0 });
  });

  it('availability 0.1 / 0.3: on-share 0.75 within 4 sigma, variance inflated by (1 + 0.6) / (1 - 0.6) = 4 (8 x 2500 rounds)', () => {
    const network = networkOf([always(availability({ onToOff: 0.1, offToOn: 0.3 }))]);
    let off = 0;
    let returns = 0;
    let before: number[] = [];
    for (const round of range(2500)) {
      const now = away(network, round);
      off += now.length;
      returns += before.filter((client) => !now.includes(client)).length;
      before = now;
    }
    expect(1 - off / 20_000).to.be.closeTo(0.75, 4 * Math.sqrt((0.75 * 0.25 * 4) / 20_000));
    // Each absent round ends with probability 0.3.
    expect(returns / off).to.be.closeTo(0.3, 5 * Math.sqrt((0.3 * 0.7) / off));
    expect(network.firings()).to.deep.equal([off]);
  });

  it('Bernoulli availability 0.8: rounds are independent (returns after 0.8 of absences, 5 sigma, 8 x 2500 rounds)', () => {
    const network = networkOf([always(bernoulliAvailability({ probability: 0.8 }))]);
    const absent = range(2500).map((round) => away(network, round));
    const off = absent.flat().length;
    const stays = absent.slice(1).flatMap((now, i) => now.filter((client) => absent[i]!.includes(client))).length;
    expect(off / 20_000).to.be.closeTo(0.2, 5 * Math.sqrt((0.2 * 0.8) / 20_000));
    expect(stays / off).to.be.closeTo(0.2, 5 * Math.sqrt((0.2 * 0.8) / off));
  });

  it('clients of an availability rule are independent of each other: both off in 0.25 of rounds (5 sigma, 4000 rounds)', () => {
    const network = networkOf([always(bernoulliAvailability({ clients: [0, 1], probability: 0.5 }))]);
    const both = range(4000).filter((round) => away(network, round).length === 2).length;
    expect(both / 4000).to.be.closeTo(0.25, 5 * Math.sqrt((0.25 * 0.75) / 4000));
  });

  it('diurnal availability 0.5 + 0.4 sin, day of 4, 2 zones: on-shares 0.5, 0.9, 0.5, 0.1, half a day apart (5 sigma, 4 x 1000 draws each)', () => {
    const rule = diurnalAvailability({ mean: 0.5, amplitude: 0.4, roundsPerDay: 4, timeZones: 2 });
    const network = networkOf([always(rule)]);
    const absent = range(4000).map((round) => away(network, round));
    for (const zone of [0, 1])
      for (const hour of range(4)) {
        const off = absent.filter((_, round) => round % 4 === hour).flat();
        const share = 1 - off.filter((client) => client % 2 === zone).length / 4000;
        const expected = [0.5, 0.9, 0.5, 0.1][(hour + 2 * zone) % 4]!;
        expect(share, `zone ${zone}, hour ${hour}`).to.be.closeTo(
          expected,
          5 * Math.sqrt((expected * (1 - expected)) / 4000),
        );
      }
  });

  it('diurnal availability is clipped: amplitude 2 leaves all clients on at noon and none at midnight', () => {
    const network = networkOf([always(diurnalAvailability({ mean: 0.5, amplitude: 2, roundsPerDay: 4 }))]);
    for (const day of range(100)) {
      expect(away(network, 4 * day + 1)).to.deep.equal([]);
      expect(away(network, 4 * day + 3)).to.deep.equal(range(8));
    }
  });

  it('rules on data and on gradients act on their clients in their rounds, and count once for each, however often they are asked', () => {
    const network = networkOf([
      during(1, 3, labelFlip({ clients: [2, 3] })),
      during(2, 4, gradientNoise({ clients: [2], scale: 1 })),
      at(2, gradientNoise({ clients: [2, 5], scale: 3 })),
    ]);
    for (const round of [0, 1, 1, 2, 2, 3, 4])
      for (const client of allClients)
        for (let time = 0; time < 2; time++) {
          const inData = round >= 1 && round < 3 && (client === 2 || client === 3);
          expect(network.changesData!(client, round), `client ${client}, round ${round}`).to.equal(inData);
          const first = client === 2 && round >= 2 && round < 4 ? 1 : 0;
          const second = round === 2 && (client === 2 || client === 5) ? 1 : 0;
          expect(network.gradientNoise!(client, round).length).to.equal(first + second);
        }
    // 2 clients in 2 rounds, 1 in 2, 2 in 1.
    expect(network.firings()).to.deep.equal([4, 2, 2]);
    expect(network.takeFirings()).to.deep.equal([4, 2, 2]);
    network.changesData!(2, 2);
    expect(network.takeFirings()).to.deep.equal([0, 0, 0]);
    expect(network.gradientNoise!(2, 2).map(({ purpose }) => purpose)).to.deep.equal([
      'gradient-noise 0',
      'gradient-noise 1',
    ]);
  });

  it('an attack concerns the vectors of its kind in its rounds, without a kind all that have vectors, and no coordinator', () => {
    const { attacks } = networkOf([
      during(1, 3, byzantine({ kind: 'update', clients: 'all', attack: 'sign-flip' })),
      always(byzantine({ clients: [1], attack: 'sign-flip' })),
    ]);
    const bare = layoutsOf({ size: { from: 'clients', to: 'coordinator', scalars: ['examples'] } }, 'float32');
    const concerned = (attack: number, layout: KindLayout) =>
      range(4).filter((round) => attacks[attack]!.concerns({ layout, round, receiver: 'coordinator', step: 0 }));
    expect(concerned(0, layoutOf('update'))).to.deep.equal([1, 2]);
    expect(concerned(0, layoutOf('iterate'))).to.deep.equal([]);
    expect(concerned(1, layoutOf('iterate'))).to.deep.equal([0, 1, 2, 3]);
    expect(concerned(1, bare.get('size')!)).to.deep.equal([]);
    const senders = ['coordinator', 0, 1, 2] as const;
    expect(attacks.map(({ isByzantine }) => senders.filter(isByzantine))).to.deep.equal([[0, 1, 2], [1]]);
  });

  it('noise of stddev 0 never acts', () => {
    const network = networkOf([always(channelNoise({ stddev: 0 }))]);
    const value = Float32Array.of(1, 2);
    const frame = frameOf('iterate', { from: 1, to: 2 });
    const { receiveTransform } = network;
    expect(receiveTransform!(value, frame, {} as never, 'x', 0)).to.equal(value);
    expect(network.firings()).to.deep.equal([0]);
  });
});
