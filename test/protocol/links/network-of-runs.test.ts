import { expect } from 'chai';
import { availability } from '../../../protocol/faults/availability.js';
import { broadcastNoise } from '../../../protocol/faults/broadcast-noise.js';
import { burstLoss } from '../../../protocol/faults/burst-loss.js';
import { channelNoise } from '../../../protocol/faults/channel-noise.js';
import { corrupt } from '../../../protocol/faults/corrupt.js';
import { crash } from '../../../protocol/faults/crash.js';
import { delay } from '../../../protocol/faults/delay.js';
import { drop } from '../../../protocol/faults/drop.js';
import { duplicate } from '../../../protocol/faults/duplicate.js';
import { always, at, during } from '../../../protocol/faults/fault.js';
import { partition } from '../../../protocol/faults/partition.js';
import { probabilisticQuantiser } from '../../../protocol/faults/probabilistic-quantiser.js';
import { slow } from '../../../protocol/faults/slow.js';
import { symmetricDrop } from '../../../protocol/faults/symmetric-drop.js';
import type { AbsenceRecord } from '../../../protocol/party/delivery-log.js';
import type { FaultInput } from '../../../protocol/scenario/input.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { complete, link } from '../../support/hand-made-frames.js';
import { codecsFor, type TinyRun, tinyRun, tinyScenario } from '../../support/tiny-run.js';

const RING = { name: 'ring', weights: 'metropolis', lazy: false };
const COMPLETE = { ...RING, name: 'complete' };

const server = (faults: readonly FaultInput[], changes: Partial<Scenario> = {}) =>
  tinyScenario('sgd', { faults: complete(...faults), ...changes });
const peers = (faults: readonly FaultInput[], changes: Partial<Scenario> = {}) =>
  tinyScenario('dgd', { faults: complete(...faults), topology: RING, ...changes });

/** Absences of a round, sorted: `from>to why`. */
function absencesOf(run: TinyRun, round: number): string[] {
  return run.entries[round]!.absences.map(({ from, to, why }: AbsenceRecord) => `${from}>${to} ${why}`).sort();
}

const allAbsences = (run: TinyRun) => run.entries.map((_, round) => absencesOf(run, round));

describe('the network model in whole runs', () => {
  it('rules that never act, with links and devices around them, give the bits of a run without a network model', async () => {
    const idle = [
      drop({ probability: 0 }),
      duplicate({ probability: 0 }),
      corrupt({ probability: 0 }),
      delay({ delayMs: 5, probability: 0 }),
      burstLoss({ goodToBad: 0, badToGood: 1 }),
      symmetricDrop({ probability: 0 }),
      channelNoise({ stddev: 0 }),
      broadcastNoise({ stddev: 0 }),
      availability({ onToOff: 0, offToOn: 1 }),
      slow({ clients: [1], factor: 1 }),
    ].map(always);
    const late = [
      at(100, crash({ client: 1 })),
      at(100, partition([0], [1])),
      at(100, probabilisticQuantiser({ step: 1 })),
    ];
    const around = {
      links: [link({ latencyMs: 3, jitterMs: 4, bandwidthMbps: 1 })],
      devices: [{ clients: 'all' as const, msPerExample: 2, msPerRound: 7, nsPerParameterCoded: 0 }],
    };
    for (const scenario of [server, peers]) {
      const plain = await tinyRun(scenario([]));
      const idled = await tinyRun(scenario([...idle, ...late], around));
      expect(idled.states).to.deep.equal(plain.states);
      expect(idled.firings.every((count) => count === 0)).to.equal(true);
      expect(idled.rows.map(({ bytesUp, bytesPeer }) => [bytesUp, bytesPeer])).to.deep.equal(
        plain.rows.map(({ bytesUp, bytesPeer }) => [bytesUp, bytesPeer]),
      );
      expect(idled.result.simulatedMs).to.be.above(0);
    }
  });

  it('duplicates change nothing but bytes, which double', async () => {
    const plain = await tinyRun(server([]));
    const doubled = await tinyRun(server([always(duplicate({ probability: 1, kind: 'gradient' }))]));
    expect(doubled.states).to.deep.equal(plain.states);
    expect(doubled.rows.map(({ bytesUp }) => bytesUp)).to.deep.equal(plain.rows.map(({ bytesUp }) => 2 * bytesUp));
    expect(doubled.rows[0]!.bytesDown).to.equal(plain.rows[0]!.bytesDown);
    expect(doubled.firings).to.deep.equal([20]);
  });

  for (const mode of ['fast', 'checking'] as const)
    it(`a corrupt frame is refused and counted 'rejected', with the bits of a run in which it was lost (${mode})`, async () => {
      const filter = { probability: 1, senders: [2], kind: 'gradient' } as const;
      const corrupted = await tinyRun(server([always(corrupt(filter))]), { mode });
      const lost = await tinyRun(server([always(drop(filter))]), { mode });
      expect(allAbsences(corrupted)).to.deep.equal(new Array(5).fill(['2>coordinator rejected']));
      expect(allAbsences(lost)).to.deep.equal(new Array(5).fill(['2>coordinator dropped']));
      expect(corrupted.states).to.deep.equal(lost.states);
      expect(corrupted.states).to.not.deep.equal((await tinyRun(server([]))).states);
      expect(corrupted.firings).to.deep.equal([5]);
    });

  // Model down 10 ms, gradient of one example 4 ms (client 3: 40 ms), gradient up 10 ms.
  const timed = {
    links: [link({ latencyMs: 10 })],
    devices: [
      { clients: 'all', msPerExample: 4, msPerRound: 0, nsPerParameterCoded: 0 },
      { clients: [3], msPerExample: 40, msPerRound: 0, nsPerParameterCoded: 0 },
    ],
  } as const;
  const times = (run: TinyRun) => run.rows.map(({ simulatedMs }) => simulatedMs);

  it('a round takes the way down, the slowest gradient and the way up: 60 ms', async () => {
    expect(times(await tinyRun(server([], timed)))).to.deep.equal([60, 120, 180, 240, 300]);
  });

  it('a deadline of 30 ms makes the slow client late: reason, time and count say so', async () => {
    const participation = { cohort: 'all', sampling: 'fixed', quorum: null, deadlineMs: 30 } as const;
    const run = await tinyRun(server([], { ...timed, participation }));
    expect(allAbsences(run)).to.deep.equal(new Array(5).fill(['3>coordinator late']));
    expect(times(run).slice(0, 1)).to.deep.equal([30]);
    const lost = await tinyRun(server([always(drop({ probability: 1, senders: [3] }))], timed));
    expect(run.states.get('coordinator')).to.equal(lost.states.get('coordinator'));
  });

  it('a quorum of all four outwaits the deadline; a quorum that cannot be met ends the run with ERR_QUORUM', async () => {
    const participation = { cohort: 'all', sampling: 'fixed', quorum: { count: 4 }, deadlineMs: 30 } as const;
    const run = await tinyRun(server([], { ...timed, participation }));
    expect(allAbsences(run)).to.deep.equal(new Array(5).fill([]));
    expect(times(run)).to.deep.equal([60, 120, 180, 240, 300]);
    const crashed = server([at(2, crash({ client: 0, downRounds: 1 }))], { ...timed, participation });
    const failure = await tinyRun(crashed).then(
      () => null,
      (error: Error) => error.message,
    );
    expect(failure).to.match(/^ERR_QUORUM: round 3: expected messages of at least 4 of 4 invited clients, got 3/);
  });

  it('a slow rule makes its client late in its rounds alone', async () => {
    const participation = { cohort: 'all', sampling: 'fixed', quorum: null, deadlineMs: 30 } as const;
    const devices = [{ clients: 'all', msPerExample: 4, msPerRound: 1, nsPerParameterCoded: 0 }] as const;
    const scenario = server([during(1, 3, slow({ clients: [1], factor: 5 }))], { ...timed, devices, participation });
    const run = await tinyRun(scenario);
    expect(allAbsences(run)).to.deep.equal([[], ['1>coordinator late'], ['1>coordinator late'], [], []]);
    expect(times(run)[0]).to.equal(25);
    expect(run.firings).to.deep.equal([2]);
  });

  it('coding costs its price where a codec works: 6 numbers at 0.5 ms, decoded and encoded by the client, are 6 ms', async () => {
    const devices = [{ clients: 'all', msPerExample: 0, msPerRound: 2, nsPerParameterCoded: 500_000 }] as const;
    const coded = { devices, codecs: codecsFor(['model', 'gradient'], { name: 'bf16' }) };
    expect(times(await tinyRun(server([], coded)))[0]).to.equal(2 + 3 + 3);
    expect(times(await tinyRun(server([], { devices })))[0]).to.equal(2);
  });

  it('a crashed client is absent for its rounds, then continues from its state', async () => {
    const run = await tinyRun(peers([at(1, crash({ client: 2, downRounds: 2 }))]));
    const neighbours = ['2>1 crashed', '2>3 crashed'];
    expect(allAbsences(run)).to.deep.equal([[], neighbours, neighbours, [], []]);
    expect(run.firings).to.deep.equal([2]);
  });

  it('with memory lost a client comes back as if its run began in that round; with memory kept it does not', async () => {
    // No frame between peers arrives, so a client's state is a function of the rounds that it ran.
    const alone = always(drop({ probability: 1 }));
    const run = (memory: 'kept' | 'lost') =>
      tinyRun(peers([alone, at(1, crash({ client: 2, downRounds: 3, memory }))]));
    const once = await tinyRun(peers([alone], { rounds: 1 }));
    const twice = await tinyRun(peers([alone], { rounds: 2 }));
    expect((await run('lost')).states.get(2)).to.equal(once.states.get(2));
    expect((await run('kept')).states.get(2)).to.equal(twice.states.get(2));
    expect(once.states.get(2)).to.not.equal(twice.states.get(2));
  });

  it('a client that was away, and lost its memory, begins at the time of the run when it returns', async () => {
    const devices = [{ clients: 'all', msPerExample: 0, msPerRound: 5, nsPerParameterCoded: 0 }] as const;
    const alone = always(drop({ probability: 1 }));
    const run = await tinyRun(peers([alone, at(3, crash({ client: 2, downRounds: 1, memory: 'lost' }))], { devices }));
    // Four rounds of 5 ms without it, or with it, then one more.
    for (const client of [1, 2]) expect(run.records.get(client)!.clockMs).to.equal(25);
  });

  it('a partition into {0, 1} and {2, 3} loses the 8 frames between them in each of its rounds', async () => {
    const run = await tinyRun(peers([during(1, 3, partition([0, 1], [2, 3]))], { topology: COMPLETE }));
    const between = ['0>2', '0>3', '1>2', '1>3', '2>0', '2>1', '3>0', '3>1'].map((pair) => `${pair} dropped`);
    expect(allAbsences(run)).to.deep.equal([[], between, between, [], []]);
    expect(run.firings).to.deep.equal([16]);
  });

  it('a client cut off from the coordinator does not answer, and the others continue', async () => {
    const run = await tinyRun(server([during(2, 4, partition(['coordinator', 0, 1, 2], [3]))]));
    // It does not receive the model, so it posts nothing: no party waits for what was not posted.
    expect(allAbsences(run)).to.deep.equal([[], [], ['coordinator>3 dropped'], ['coordinator>3 dropped'], []]);
  });

  it('availability decides who is absent, and counts them', async () => {
    const run = await tinyRun(peers([always(availability({ onToOff: 0.5, offToOn: 0.5 }))], { rounds: 20 }));
    const absentClients = run.entries.map(({ absences }) => new Set(absences.map(({ from }) => from)).size);
    expect(run.firings[0]).to.be.above(20).and.below(60);
    expect(absentClients.some((count) => count > 0)).to.equal(true);
  });

  it('under partial participation only invited clients count as absent', async () => {
    const participation = { cohort: 2, sampling: 'fixed', quorum: null, deadlineMs: null } as const;
    const run = await tinyRun(server([always(crash({ clients: [0, 1, 2] }))], { participation, rounds: 3, seed: 4 }));
    const absent = run.entries.map(({ absences }) => absences.length);
    const invited = run.entries.map(({ cohort }) => cohort.filter((client) => client < 3).length);
    expect(absent).to.deep.equal(invited);
    expect(run.firings).to.deep.equal([invited.reduce((sum, count) => sum + count, 0)]);
  });

  it('what clients forgot stays forgotten after a resume, invited or not', async () => {
    const allClients = at(3, crash({ clients: 'all', downRounds: 1, memory: 'lost' }));
    const participation = { cohort: 2, sampling: 'fixed', quorum: null, deadlineMs: null } as const;
    const scenario = tinyScenario('scaffold', {
      clients: 6,
      rounds: 9,
      faults: complete(allClients),
      participation,
      checkpoints: { everyRounds: 1 },
    });
    const whole = await tinyRun(scenario);
    for (const from of whole.checkpoints)
      expect((await tinyRun(scenario, { from })).records, `from round ${from.round}`).to.deep.equal(whole.records);
    expect(whole.states).to.not.deep.equal((await tinyRun({ ...scenario, faults: [] })).states);
  });

  const storm = [
    always(drop({ probability: 0.15 })),
    always(burstLoss({ goodToBad: 0.2, badToGood: 0.4, lossInBad: 0.5 })),
    always(symmetricDrop({ probability: 0.1 })),
    always(delay({ delayMs: 4, jitterMs: 9, probability: 0.4 })),
    always(duplicate({ probability: 0.3 })),
    always(corrupt({ probability: 0.2 })),
    always(channelNoise({ stddev: 0.01 })),
    always(broadcastNoise({ stddev: 0.01, distribution: 'laplace' })),
    always(probabilisticQuantiser({ step: 0.001, per: 'link' })),
    always(slow({ clients: [0, 2], factor: 2 })),
    always(availability({ onToOff: 0.1, offToOn: 0.6 })),
    at(2, crash({ client: 1, downRounds: 2, memory: 'lost' })),
    during(5, 7, partition(['coordinator', 0, 1], [2, 3])),
  ];
  const stormy = {
    rounds: 12,
    links: [link({ latencyMs: 5, jitterMs: 20, bandwidthMbps: 1 })],
    devices: [{ clients: 'all' as const, msPerExample: 3, msPerRound: 2, nsPerParameterCoded: 10 }],
  };
  const deadline = { cohort: 'all', sampling: 'fixed', quorum: { count: 1 }, deadlineMs: 35 } as const;
  const cases = [
    ['peers', peers(storm, stormy)],
    [
      'a server',
      server(
        storm.filter(({ fault }) => fault !== 'symmetric-drop'),
        { ...stormy, participation: deadline },
      ),
    ],
  ] as const;

  for (const [what, scenario] of cases)
    it(`all rules together on ${what}: continuing from a checkpoint after round 3, 4 or 6 ends in the bits of the whole run`, async () => {
      const checkpoints = { everyRounds: 1 };
      const whole = await tinyRun({ ...scenario, checkpoints });
      for (const round of [3, 4, 6]) {
        const from = whole.checkpoints.find((checkpoint) => checkpoint.round === round)!;
        const resumed = await tinyRun({ ...scenario, checkpoints }, { from });
        expect(resumed.records).to.deep.equal(whole.records);
        expect(resumed.entries).to.deep.equal(whole.entries.slice(round));
        expect(resumed.firings).to.deep.equal(whole.firings);
      }
    });

  for (const [what, scenario] of cases)
    it(`all rules together on ${what}: equal bits, absences, times and firings however clients are packed and frames shuffled`, async () => {
      const plain = await tinyRun(scenario);
      expect(
        plain.firings.every((count) => count > 0),
        'every rule acts',
      ).to.equal(true);
      expect(
        new Set(
          allAbsences(plain)
            .flat()
            .map((line) => line.split(' ')[1]),
        ).size,
      ).to.be.at.least(3);
      let next = 1;
      // A fixed walk through all residues: any order of delivery will do.
      const shuffle = (count: number) => (next = (next * 16807) % 2147483647) % count;
      for (const options of [
        { hosts: [[0, 2], [1], [3]] },
        { hosts: [[3, 2, 1, 0]] },
        { shuffle },
        { mode: 'checking' as const },
      ]) {
        const other = await tinyRun(scenario, options);
        expect(other.states).to.deep.equal(plain.states);
        expect(other.records).to.deep.equal(plain.records);
        expect(other.entries).to.deep.equal(plain.entries);
        expect(times(other)).to.deep.equal(times(plain));
        expect(other.firings).to.deep.equal(plain.firings);
        expect(other.result.bytes).to.deep.equal(plain.result.bytes);
      }
    });
});
