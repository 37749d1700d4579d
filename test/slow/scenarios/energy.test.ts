import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readMetrics } from '../../../coordinator/run-directory/metrics.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { replayRun, resumeRun } from '../../../scenarios/run/runtime.js';
import { runInput, temporaryFolder, WITH_REPORT } from '../../support/scripted-run.js';

const device = { clients: 'all', computeWatts: 2, joulesPerMegabyteUp: 1000, joulesPerMegabyteDown: 500 } as const;
const input: ScenarioInput = {
  name: 'energy',
  method: { name: 'fedavg', batchSize: 10 },
  data: { name: 'gaussian-clusters', examples: 200, testExamples: 50, partition: 'iid' },
  clients: 4,
  rounds: 8,
  devices: [{ clients: 'all', msPerExample: 100 }],
  energy: [device],
  checkpoints: { everyRounds: 2 },
};
const rowsOf = (path: string) => readMetrics(join(path, 'metrics.csv'));

describe('energy of clients', function () {
  this.timeout(240_000);

  it('is watts times simulated seconds of computing plus joules a byte times the bytes that are counted, for each client and in sum', async () => {
    const { path } = await runInput(input, WITH_REPORT);
    for (const { bytesUp, bytesDown, extra } of rowsOf(path)) {
      // 50 examples a client and round, 0.1 s each.
      expect(extra.computeJoules).to.be.closeTo(4 * 50 * 0.1 * 2, 1e-9);
      expect(extra.radioJoules).to.be.closeTo((bytesUp * 1000 + bytesDown * 500) / 1e6, 1e-9);
      expect(extra.energyJoules).to.equal(extra.computeJoules! + extra.radioJoules!);
    }
    const lines = readFileSync(join(path, 'metrics-by-client.csv'), 'utf8').trim().split('\n').slice(1);
    const ofClients = lines
      .map((line) => line.split(','))
      .filter(([round, , name]) => round === '1' && name === 'radioJoules');
    expect(ofClients.map(([, client]) => client)).to.deep.equal(['0', '1', '2', '3']);
    const sum = ofClients.reduce((total, [, , , joules]) => total + Number(joules), 0);
    expect(sum).to.be.closeTo(rowsOf(path)[0]!.extra.radioJoules!, 1e-9);
    expect(readFileSync(join(path, 'report.html'), 'utf8')).to.contain('energy of the clients');
  });

  it("of a message that is lost is that of its sender, and of a copy that the network makes no client's; waiting has watts of its own", async () => {
    const links = [{ direction: 'all', bandwidthMbps: 1, latencyMs: 0 }] as const;
    const energy = [{ ...device, waitingWatts: 0.5 }];
    const joulesUnder = async (faults: readonly unknown[]) => {
      const { path } = await runInput({ ...input, rounds: 1, links, energy, faults } as ScenarioInput);
      return rowsOf(path)[0]!;
    };
    const whole = await joulesUnder([]);
    // A bit needs a microsecond; each of four clients waits for its model, sent to all at once.
    const received = whole.bytesDown / 4;
    expect(whole.extra.computeJoules).to.be.closeTo(4 * (50 * 0.1 * 2 + 0.5 * received * 8e-6), 1e-9);
    const lost = await joulesUnder([{ fault: 'drop', kind: 'update', probability: 1 }]);
    expect(lost.bytesUp).to.be.below(whole.bytesUp / 2);
    expect(lost.extra.radioJoules).to.equal(whole.extra.radioJoules);
    const unheard = await joulesUnder([{ fault: 'drop', kind: 'model', probability: 1 }]);
    expect(unheard.extra.radioJoules).to.equal(0);
    const twice = await joulesUnder([{ fault: 'duplicate', probability: 1 }]);
    expect(twice.bytesUp).to.equal(2 * whole.bytesUp);
    expect(twice.extra.radioJoules).to.equal(whole.extra.radioJoules);
  });

  it('empties batteries: their clients are absent until they are charged, alike in all placements, resumed and replayed', async () => {
    const trace = { rows: [[0, 0, 0.5]] };
    const battery = { capacityJoules: 25, trace, resume: 0.3 };
    const powered = { ...input, rounds: 12, energy: [device, { ...device, clients: [0, 1], battery }] };
    const alone = await runInput(powered);
    const empty = rowsOf(alone.path).map(({ extra }) => extra.batteriesEmpty);
    expect(empty).to.include(2);
    expect(empty.lastIndexOf(0)).to.be.above(empty.indexOf(2));
    const workers = await runInput({ ...powered, workers: { count: 2 } });
    const controller = new AbortController();
    let path = '';
    const watcher = {
      start: (_name: string, _rounds: number, folder: string) => {
        path = folder;
      },
      note: () => {},
      round: ({ round }: { round: number }) => {
        if (round === 5) controller.abort();
      },
    };
    await runInput(powered, { signal: controller.signal, watcher }).catch(() => {});
    const never = { directory: null, listen: null, signal: new AbortController().signal };
    await resumeRun(path, never);
    const charges = (at: string) => rowsOf(at).map(({ extra, simulatedMs }) => [extra.batteryCharge, simulatedMs]);
    for (const other of [workers.path, path]) expect(charges(other)).to.deep.equal(charges(alone.path));
    expect(workers.outcome.stateDigest).to.equal(alone.outcome.stateDigest);
    const again = { ...never, directory: join(temporaryFolder(), 'again') };
    expect((await replayRun(alone.path, again)).verdict.valid).to.equal(true);
  });

  it('of a cohort that is away as a whole moves the clock to when the first battery is charged', async () => {
    const battery = { capacityJoules: 5, trace: { rows: [[0, 0, 0.1]] }, resume: 1 };
    const { path } = await runInput({ ...input, rounds: 4, energy: [{ ...device, battery }] });
    const [first, second, third] = rowsOf(path);
    expect(first!.extra.batteriesEmpty).to.equal(4);
    expect(second!.extra.energyJoules).to.equal(undefined);
    expect(third!.extra.energyJoules).to.be.above(0);
    // 5 J at 0.1 W; what the first round used left nothing of what was there before.
    expect(second!.simulatedMs).to.be.closeTo(50_000, 2);
  });
});
