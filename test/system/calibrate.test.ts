import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { readTimes } from '../../coordinator/run-directory/times.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { resumeRun } from '../../scenarios/run/runtime.js';
import { runInput, temporaryFolder } from '../support/scripted-run.js';

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));
const LATENCY_MS = 40;

/** Real milliseconds on every link. */
const input: ScenarioInput = {
  name: 'measured',
  method: { name: 'fedavg', batchSize: 10 },
  data: { name: 'gaussian-clusters', examples: 400, testExamples: 20, partition: { name: 'dirichlet', alpha: 1 } },
  clients: 4,
  rounds: 12,
  clock: 'wall',
  links: [{ latencyMs: LATENCY_MS, bandwidthMbps: 50 }],
};
const remote: ScenarioInput = { ...input, workers: { count: 2 } };

function calibrate(...given: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [CLI, 'calibrate', ...given], { encoding: 'utf8' });
}

describe('calibrate, of a run in two worker processes', function () {
  this.timeout(120_000);

  it('gives settings under which the simulated rounds take what was measured, states the error, and the run has the bits of one process', async () => {
    const { path, outcome } = await runInput(remote);
    expect(outcome.stateDigest).to.equal((await runInput(input)).outcome.stateDigest);
    const times = readTimes(join(path, 'times.csv'));
    expect(times.length).to.equal(12 * 4);
    for (const { heldExamples, examples, computedMs, heldMs, spanMs, roundMs } of times) {
      expect(heldExamples).to.equal(examples).and.above(0);
      expect(computedMs).to.be.at.most(heldMs).and.above(0);
      // A timer may be early by one millisecond.
      expect(spanMs - heldMs).to.be.at.least(2 * (LATENCY_MS - 1));
      expect(spanMs).to.be.at.most(roundMs);
    }
    const out = join(temporaryFolder(), 'settings.json');
    const { stdout, stderr } = calibrate(path, '--json', '--out', out);
    expect(stderr).to.equal('');
    const { agreement, bandwidth, ...settings } = JSON.parse(stdout);
    expect(JSON.parse(readFileSync(out, 'utf8'))).to.deep.equal(settings);
    for (const { latencyMs } of settings.links) expect(latencyMs).to.be.at.least(LATENCY_MS - 1);
    expect(bandwidth).to.equal('not separated from latency');

    // The stated error follows from the record and a run of timing alone under these settings.
    const again = await runInput({ ...input, ...settings, clock: 'virtual', timingOnly: true });
    const measured = new Map(times.map(({ round, roundMs }) => [round, roundMs]));
    const simulated = again.record.rows.map(
      ({ simulatedMs }, i, rows) => simulatedMs - (rows[i - 1]?.simulatedMs ?? 0),
    );
    const errors = simulated.map((ms, i) => Math.abs(ms - measured.get(i + 1)!) / measured.get(i + 1)!);
    const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
    const middle = errors.sort((a, b) => a - b).slice(5, 7);
    expect(agreement.rounds).to.equal(12);
    expect(agreement.medianError).to.be.closeTo((middle[0]! + middle[1]!) / 2, 1e-9);
    expect(agreement.error90).to.be.at.least(agreement.medianError);
    expect(agreement.measuredMs).to.be.closeTo(sum(measured.values()), 1e-6);
    expect(agreement.simulatedMs).to.be.closeTo(sum(simulated), 1e-6);
    // Medians of rounds: a machine that is busy with other things for some of them does not matter.
    const typical = (values: Iterable<number>) => [...values].sort((a, b) => a - b)[6]!;
    expect(typical(simulated) / typical(measured.values())).to.be.within(0.5, 2);
    expect(calibrate(path).stdout).to.match(
      /"links": \[\n[\s\S]*relative error of a round, median [\d.]+ %, 90 % of rounds below/,
    );
  });

  it('a resumed run has the measured times of each round once', async () => {
    const short: ScenarioInput = { ...remote, links: [], rounds: 6, checkpoints: { everyRounds: 3 } };
    const { path } = await runInput(short);
    const stop = new AbortController().signal;
    await resumeRun(path, { listen: null, signal: stop, rounds: 9 } as never);
    const rounds = readTimes(join(path, 'times.csv')).map(({ round, client }) => `${round} ${client}`);
    expect(rounds.length).to.equal(9 * 4);
    expect(new Set(rounds).size).to.equal(9 * 4);
  });

  it('refuses what was not measured, each with what it expected', async () => {
    const folder = temporaryFolder();
    const refusal = (directory: string) => {
      const { status, stderr } = calibrate(directory);
      expect(status).to.equal(3);
      return stderr;
    };
    expect(refusal(folder)).to.match(/ERR_CHECKPOINT: .*expected the folder of a run/);
    const { path: inOne } = await runInput({ ...input, clock: 'virtual', rounds: 6 });
    expect(existsSync(join(inOne, 'times.csv'))).to.equal(false);
    expect(refusal(inOne)).to.match(/ERR_USAGE: .*expected a run over sockets .*one without measured times/);
    for (const [more, why] of [
      [{ method: 'fedbuff' }, 'its clients work on tasks that span server steps'],
      [{ method: 'dgd', topology: 'ring' }, 'peers wait for each other'],
      [{ method: 'ad-psgd', topology: 'ring' }, 'peers wait for each other'],
      [{ method: 'dp-fedavg' }, 'timing alone draws no noise and keeps no ledger'],
    ] as const) {
      const { path } = await runInput({ ...input, ...more, clock: 'virtual', rounds: 2 });
      expect(refusal(path)).to.match(
        new RegExp(`ERR_USAGE: .*expected a method whose rounds can be timed, got '.*': ${why}`),
      );
    }
    const few = await runInput({ ...remote, links: [], rounds: 4 });
    expect(refusal(few.path)).to.match(/ERR_USAGE: .*expected at least 5 measured rounds, got 4/);
    const faults = [{ fault: 'delay' as const, delayMs: 1, probability: 0.5 }];
    const delayed = await runInput({ ...remote, rounds: 5, faults });
    expect(refusal(delayed.path)).to.match(/ERR_USAGE: faults: expected none that sets times .*got 'delay'/);
    writeFileSync(join(few.path, 'times.csv'), 'round,client\n1,x\n');
    expect(refusal(few.path)).to.match(/ERR_CHECKPOINT: .*times.csv, row 1: expected numbers/);
    writeFileSync(join(folder, 'sweep.json'), JSON.stringify({ name: 'a', points: [{ label: 'x' }] }));
    expect(refusal(folder)).to.match(/ERR_USAGE: .*expected the directory of one run, got a sweep/);
    rmSync(folder, { recursive: true });
  });
});
