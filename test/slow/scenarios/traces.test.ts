import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readMetrics } from '../../../coordinator/run-directory/metrics.js';
import { availabilityTrace } from '../../../protocol/faults/availability-trace.js';
import { bandwidthTrace } from '../../../protocol/faults/bandwidth-trace.js';
import { speedTrace } from '../../../protocol/faults/speed-trace.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { syntheticTraces, traceCsv } from '../../../scenarios/library/parts/synthetic-traces.js';
import { replayRun, resumeRun } from '../../../scenarios/run/runtime.js';
import { withTraces } from '../../../scenarios/run/traces.js';
import { runInput, temporaryFolder } from '../../support/scripted-run.js';

const simulatedOf = (path: string) => readMetrics(join(path, 'metrics.csv')).map(({ simulatedMs }) => simulatedMs);

const input: ScenarioInput = {
  name: 'traced',
  method: { name: 'fedavg', batchSize: 10 },
  data: { name: 'gaussian-clusters', examples: 200, testExamples: 50, partition: 'iid' },
  clients: 6,
  rounds: 6,
  devices: [{ clients: 'all', msPerExample: 10_000 }],
  faults: [
    availabilityTrace({ trace: 'trace.csv' }),
    speedTrace({ trace: 'trace.csv' }),
    bandwidthTrace({ trace: 'trace.csv' }),
  ],
  checkpoints: { everyRounds: 2 },
};

describe('runs with traces', function () {
  this.timeout(240_000);
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'trace.csv'), traceCsv(syntheticTraces({ clients: 4, seed: 3 })));

  for (const method of ['fedavg', 'fedasync'])
    it(`${method}: equal bits and simulated times in one process, over sockets, resumed and replayed`, async () => {
      const named = withTraces({ ...input, method: { name: method, batchSize: 10 } }, folder);
      const alone = await runInput(named);
      const plain = await runInput({ ...named, faults: [] });
      expect(alone.outcome.stateDigest).to.not.equal(plain.outcome.stateDigest);
      expect(alone.record.faultsFired.every((count) => count > 0)).to.equal(true);
      const workers = await runInput({ ...named, workers: { count: 2 } });
      const controller = new AbortController();
      let path = '';
      const watcher = {
        start: (_name: string, _rounds: number, folder: string) => {
          path = folder;
        },
        note: () => {},
        round: ({ round }: { round: number }) => {
          if (round === 3) controller.abort();
        },
      };
      await runInput(named, { signal: controller.signal, watcher }).catch(() => {});
      const never = { directory: null, listen: null, signal: new AbortController().signal };
      const resumed = await resumeRun(path, never);
      for (const other of [workers.outcome, resumed]) {
        expect(other.stateDigest).to.equal(alone.outcome.stateDigest);
      }
      expect(simulatedOf(workers.path)).to.deep.equal(simulatedOf(alone.path));
      expect(simulatedOf(path)).to.deep.equal(simulatedOf(alone.path));
      const again = { ...never, directory: join(temporaryFolder(), 'again') };
      expect((await replayRun(alone.path, again)).verdict.valid).to.equal(true);
      const manifest = JSON.parse(readFileSync(join(alone.path, 'manifest.json'), 'utf8'));
      expect(manifest.traces).to.deep.equal([
        { file: 'trace.csv', sha256: (named.faults![0]!.trace as { sha256: string }).sha256 },
      ]);
    });
});
