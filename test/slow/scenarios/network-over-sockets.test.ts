import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { availability } from '../../../protocol/faults/availability.js';
import { channelNoise } from '../../../protocol/faults/channel-noise.js';
import { corrupt } from '../../../protocol/faults/corrupt.js';
import { crash } from '../../../protocol/faults/crash.js';
import { drop } from '../../../protocol/faults/drop.js';
import { always, at, during } from '../../../protocol/faults/fault.js';
import { partition } from '../../../protocol/faults/partition.js';
import { slow } from '../../../protocol/faults/slow.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { SocketWorkers } from '../../../scenarios/check/parts/socket-workers.js';
import { remoteFleet } from '../../../scenarios/run/remote-fleet.js';
import { replayRun } from '../../../scenarios/run/runtime.js';
import { runInput, temporaryFolder } from '../../support/scripted-run.js';

const storm: ScenarioInput = {
  name: 'storm',
  method: 'sgd',
  objective: { name: 'quadratic', dimension: 8 },
  data: 'none',
  clients: 5,
  rounds: 12,
  seed: 6,
  participation: { deadlineMs: 45, quorum: { count: 1 } },
  links: [{ latencyMs: 5, jitterMs: 30, bandwidthMbps: 1 }],
  devices: [{ clients: 'all', msPerExample: 3, msPerRound: 2 }],
  faults: [
    always(drop({ probability: 0.1 })),
    always(corrupt({ probability: 0.1 })),
    always(channelNoise({ stddev: 0.01 })),
    always(slow({ clients: [0, 2], factor: 4 })),
    always(availability({ onToOff: 0.1, offToOn: 0.6 })),
    at(2, crash({ client: 1, downRounds: 2, memory: 'lost' })),
    during(5, 7, partition(['coordinator', 0, 1], [2, 3])),
  ],
};

const overSockets = (input: ScenarioInput, count: number) =>
  runInput(
    { ...input, workers: { count } },
    {
      fleet: (scenario, method, problem, options) =>
        remoteFleet(scenario, method, problem, options, new SocketWorkers()),
    },
  );

const deliveries = (path: string) => readFileSync(join(path, 'deliveries.jsonl'), 'utf8');

describe('faults over websockets', () => {
  it('under the virtual clock one process and 3 workers have equal bits, equal delivery logs and equal counts of faults; a replay too', async () => {
    const alone = await runInput(storm);
    const remote = await overSockets(storm, 3);
    expect(remote.outcome.stateDigest).to.equal(alone.outcome.stateDigest);
    expect(deliveries(remote.path)).to.equal(deliveries(alone.path));
    expect(remote.record.faultsFired).to.deep.equal(alone.record.faultsFired);
    expect(alone.record.faultsFired.every((count) => count > 0)).to.equal(true);
    for (const why of ['late', 'rejected', 'dropped', 'crashed']) expect(deliveries(alone.path)).to.include(`"${why}"`);
    const again = await replayRun(remote.path, {
      directory: join(temporaryFolder(), 'again'),
      listen: null,
      signal: new AbortController().signal,
    });
    expect(again.verdict.valid).to.equal(true);
  });

  it('the first three of five answers are the same clients in one process and in 3 workers', async () => {
    const hurried = { ...storm, participation: { first: 3 }, faults: [always(drop({ probability: 0.1 }))] };
    const alone = await runInput(hurried);
    const remote = await overSockets(hurried, 3);
    expect(deliveries(alone.path)).to.include('"late"').and.include('"dropped"');
    expect(deliveries(remote.path)).to.equal(deliveries(alone.path));
    expect(remote.outcome.stateDigest).to.equal(alone.outcome.stateDigest);
  });

  it('under the wall clock, without a deadline, faults strike the same frames as under the virtual one', async () => {
    const patient = { ...storm, participation: { quorum: { count: 1 } }, rounds: 6 };
    const virtual = await runInput(patient);
    const wall = await overSockets({ ...patient, clock: 'wall' }, 2);
    expect(deliveries(wall.path)).to.equal(deliveries(virtual.path));
    expect(wall.record.rows.map(({ loss }) => loss)).to.deep.equal(virtual.record.rows.map(({ loss }) => loss));
  });
});
