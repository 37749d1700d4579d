import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { isWithoutUpdate } from '../../../coordinator/run/empty-round.js';
import { noBytes } from '../../../protocol/party/dispatch.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { replayRun } from '../../../scenarios/run/runtime.js';
import { runInput, temporaryFolder, WITH_REPORT } from '../../support/scripted-run.js';

const lost: ScenarioInput = {
  name: 'lost',
  method: { name: 'fedavg', localEpochs: 1, batchSize: 8, clientLearningRate: 0.1 },
  objective: 'softmax-regression',
  data: { name: 'gaussian-clusters', classes: 4, features: 4, examples: 200, testExamples: 50, partition: 'iid' },
  clients: 6,
  rounds: 3,
  seed: 1,
  faults: [{ fault: 'drop', kind: 'update', probability: 1 }],
};

async function run(more: Partial<ScenarioInput> = {}, options = {}) {
  const { outcome, path } = await runInput({ ...lost, ...more } as ScenarioInput, options);
  const { summary, verdict } = outcome;
  return {
    path,
    verdict,
    ms: summary.simulatedMs as number,
    count: summary.roundsWithoutUpdate,
    last: verdict.expectations.at(-1)!,
  };
}

describe('rounds without any update', () => {
  it('take the time the updates would have taken, are counted, and a run of nothing else is inconclusive', async () => {
    const { path, verdict, ms, count, last } = await run({}, WITH_REPORT);
    const whole = await run({ faults: [] });
    expect(ms).to.equal(whole.ms).and.to.be.above(0);
    expect([count, whole.count]).to.deep.equal([3, undefined]);
    expect(whole.verdict.valid).to.equal(true);
    expect(verdict.valid).to.equal('unknown');
    expect(last).to.deep.include({ name: 'trained', holds: 'unknown' });
    expect(last.detail).to.equal('nothing was trained: 3 of 3 rounds were without any update');
    expect(readFileSync(join(path, 'report.html'), 'utf8')).to.include('rounds without any update');
  });

  it('take the deadline where there is one, also when the model is what was lost, or all clients are away', async () => {
    const participation = { deadlineMs: 500 };
    for (const faults of [
      lost.faults!,
      [{ fault: 'drop', kind: 'model', probability: 1 }],
      [{ fault: 'crash', clients: 'all', from: 0, until: 3 }],
    ])
      expect(await run({ participation, faults }), JSON.stringify(faults)).to.include({ ms: 1500, count: 3 });
  });

  it('some of them leave the verdict as it is, and the number is the same on sockets and in a replay', async () => {
    const faults = [{ fault: 'drop', kind: 'update', probability: 0.7 }];
    const one = await run({ faults });
    expect(one).to.include({ count: 1 });
    expect(one.verdict.valid).to.equal(true);
    const two = await run({ faults, workers: { count: 2 } });
    expect([two.ms, two.count]).to.deep.equal([one.ms, 1]);
    const directory = join(temporaryFolder(), 'again');
    await replayRun(one.path, { directory, listen: null, signal: new AbortController().signal });
    const simulated = (path: string) =>
      readFileSync(join(path, 'metrics.csv'), 'utf8')
        .split('\n')
        .map((row) => row.split(',').slice(0, 7).join(','));
    expect(simulated(directory)).to.deep.equal(simulated(one.path));
  });

  it('are none where no client was due to send, and an empty cohort is one', () => {
    const own = { inbox: { received: 0, lostMs: 0 } };
    const absence = { round: 0, kind: 'model', step: 0, from: 'coordinator', to: 0, why: 'dropped' } as const;
    expect(isWithoutUpdate({ cohort: [0, 1] }, own, [], noBytes())).to.equal(false);
    expect(isWithoutUpdate({ cohort: [0, 1] }, own, [absence], noBytes())).to.equal(false);
    expect(isWithoutUpdate({ cohort: [0, 1] }, own, [absence, { ...absence, to: 1 }], noBytes())).to.equal(true);
    expect(isWithoutUpdate({ cohort: [] }, own, [], noBytes())).to.equal(true);
  });

  it('between peers: those in which no message of a peer arrived', async () => {
    const ring: Partial<ScenarioInput> = {
      method: { name: 'gradient-tracking', stepSize: 0.05 },
      objective: { name: 'quadratic', dimension: 4 },
      data: 'none',
      topology: 'ring',
      precision: 'float64',
    };
    const all = { fault: 'drop', probability: 1 };
    expect((await run({ ...ring, faults: [] })).count).to.equal(undefined);
    expect(await run({ ...ring, faults: [all] })).to.include({ count: 3 });
  });

  const tiers: Partial<ScenarioInput> = {
    method: { name: 'hierarchical-fedavg', edgeRounds: 2, batchSize: 8, clientLearningRate: 0.1 },
    topology: { name: 'hierarchy', edges: 2 },
  };

  it('in a hierarchy: those in which no update of an edge server arrived, though clients and edge servers exchanged theirs', async () => {
    const whole = await run({ ...tiers, faults: [] });
    const above = await run(tiers);
    expect([above.count, whole.count]).to.deep.equal([3, undefined]);
    expect(above.ms).to.equal(whole.ms).and.to.be.above(0);
    expect(above.verdict.valid).to.equal('unknown');
    const ofOne = await run({
      ...tiers,
      faults: [{ fault: 'drop', kind: 'update', from: 0, senders: [4], probability: 1 }],
    });
    expect(ofOne.count).to.equal(undefined);
  });

  it('in a hierarchy whose lower tier loses everything, take the time of the messages that were lost there, in either direction', async () => {
    const links = [
      { direction: 'all', bandwidthMbps: null, latencyMs: 0 },
      { direction: 'peer', bandwidthMbps: null, latencyMs: 70 },
    ] as const;
    const devices = [{ clients: 'all', msPerExample: 0, msPerRound: 0 }] as const;
    const losing = (kind: string) =>
      run({ ...tiers, links, devices, faults: [{ fault: 'drop', kind, probability: 1 }] } as Partial<ScenarioInput>);
    // Three rounds of two at the edge: 70 ms down and, unless the model was lost, 70 ms up.
    expect(await losing('edge-update')).to.include({ count: 3, ms: 3 * 2 * 140 });
    expect(await losing('edge-model')).to.include({ count: 3, ms: 3 * 2 * 70 });
  });

  it('in a hierarchy whose clients are all away, or below edge servers that are, take the time until one returns', async () => {
    const away = (clients: number[], seconds: number) => ({
      fault: 'availability-trace',
      clients,
      trace: {
        rows: [
          [0, 0, 0],
          [0, seconds, 1],
        ],
      },
    });
    for (const faults of [[away([0, 1, 2, 3], 60)], [away([4, 5], 60)], [away([0, 1, 5], 60)]]) {
      const { ms, count } = await run({ ...tiers, faults });
      expect(count, JSON.stringify(faults)).to.equal(1);
      expect(ms).to.be.within(60_000, 61_000);
    }
    expect((await run({ ...tiers, faults: [away([0, 5], 60)] })).count).to.equal(undefined);
  });
});
