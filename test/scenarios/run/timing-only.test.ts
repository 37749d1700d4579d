import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readMetrics } from '../../../coordinator/run-directory/metrics.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolved, runInput, WITH_REPORT } from '../../support/scripted-run.js';

const input: ScenarioInput = {
  name: 'timing',
  method: { name: 'fedavg', batchSize: 10 },
  data: { name: 'gaussian-clusters', examples: 120, testExamples: 20 },
  clients: 4,
  rounds: 3,
  codecs: { update: { codec: { name: 'qsgd' } } },
  devices: [{ clients: 'all', msPerExample: 2 }],
};
const rowsOf = (path: string) =>
  readMetrics(join(path, 'metrics.csv')).map(({ bytesUp, bytesDown, simulatedMs }) => [
    bytesUp,
    bytesDown,
    simulatedMs,
  ]);

describe('a run of timing alone', () => {
  it('has the bytes and simulated times of the computed run, no loss, no digest, and a report that says so', async () => {
    const computed = await runInput(input);
    const timed = await runInput({ ...input, timingOnly: true }, WITH_REPORT);
    expect(rowsOf(timed.path)).to.deep.equal(rowsOf(computed.path));
    expect(readMetrics(join(timed.path, 'metrics.csv')).every(({ loss }) => loss === null)).to.equal(true);
    expect(timed.outcome.stateDigest).to.equal('');
    expect(readFileSync(join(timed.path, 'report.html'), 'utf8')).to.contain('Timing only.');
  }).timeout(60_000);

  it('refuses codecs whose bytes depend on values, private methods and expectations', async () => {
    const fails = (changes: object) => resolved({ ...input, timingOnly: true, ...changes }).then(() => '', String);
    expect(await fails({ codecs: { update: { codec: { name: 'top-k', fraction: 0.1 } } } })).to.match(
      /codecs.update.codec: expected a codec whose bytes do not depend on the values/,
    );
    expect(await fails({ method: 'dp-fedavg', codecs: {} })).to.match(/method.name: expected a method without privacy/);
    expect(await fails({ expect: [{ name: 'reaches', loss: 1 }] })).to.match(/expect: expected \[\]/);
  });
});
