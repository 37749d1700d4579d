import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { startCommand } from '../support/command-process.js';
import { temporaryFolder } from '../support/scripted-run.js';

/** One call that would outlast the test. */
const CALL_MS = 120_000;

const input: ScenarioInput = {
  name: 'blocking',
  method: { name: 'sgd', batchSize: 1 },
  objective: { name: 'blocking', dimension: 5 },
  data: 'none',
  clients: 2,
  rounds: 40,
  seed: 2,
  evaluation: { everyRounds: 1 },
  checkpoints: { everyRounds: 1 },
};

function scenarioFile(objective: object): { readonly file: string; readonly out: string } {
  const folder = temporaryFolder();
  const file = join(folder, 'scenario.json');
  writeFileSync(file, JSON.stringify({ ...input, objective: { name: 'blocking', dimension: 5, ...objective } }));
  return { file, out: join(folder, 'out') };
}

const digestIn = (out: string): unknown => JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')).stateDigest;

describe('a command that computes', function () {
  this.timeout(180_000);

  for (const [where, objective] of [
    ['gradient', { gradientMs: CALL_MS, call: 25 }],
    ['evaluation', { evaluationMs: CALL_MS, call: 25 }],
  ] as const) {
    it(`Ctrl-C during one long call of the ${where} ends it with 2 and names 'resume', which ends in the undisturbed bits`, async () => {
      const { file, out } = scenarioFile(objective);
      const run = startCommand('run', file, '--out', out);
      await run.seen('round 24/40');
      const sentMs = performance.now();
      run.child.kill('SIGINT');
      expect(await run.ended).to.equal(2);
      expect(performance.now() - sentMs).to.be.lessThan(10_000);
      expect(run.printed.err).to.match(
        /ERR_STOPPED: stopped in the middle of a computation; run 'gradswarm resume .*out' to continue/,
      );
      const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
      expect(manifest.finishedAt).to.equal(null);
      const undisturbed = scenarioFile({ ...objective, gradientMs: 0, evaluationMs: 0 });
      // The call that is long comes no more: fewer than 25 are left.
      const [resumed, whole] = [
        startCommand('resume', out),
        startCommand('run', undisturbed.file, '--out', undisturbed.out),
      ];
      expect([await resumed.ended, await whole.ended]).to.deep.equal([0, 0]);
      expect(resumed.printed.err).to.include('round 40/40');
      expect(digestIn(out)).to.equal(digestIn(undisturbed.out));
    });
  }

  it('Ctrl-C twice during one long call ends it at once with 130', async () => {
    const { file, out } = scenarioFile({ gradientMs: CALL_MS, call: 5 });
    const run = startCommand('run', file, '--out', out);
    await run.seen('round 4/40');
    run.child.kill('SIGINT');
    await run.seen('Ctrl-C again');
    run.child.kill('SIGINT');
    expect(await run.ended).to.equal(130);
  });

  it('Ctrl-C between calls ends it after a checkpoint of the last round and a report', async () => {
    const { file, out } = scenarioFile({});
    const run = startCommand(
      'run',
      file,
      '--out',
      out,
      '--rounds',
      '1000000',
      '--set',
      'checkpoints.everyRounds=1000000',
    );
    await run.seen('round [1-9]');
    run.child.kill('SIGINT');
    expect(await run.ended).to.equal(2);
    const done = Number(/stopped after round (\d+) of 1000000/.exec(run.printed.err)?.[1]);
    const events = readFileSync(join(out, 'events.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"checkpoint"'));
    expect(JSON.parse(events.at(-1)!).round).to.equal(done);
    expect(existsSync(join(out, 'report.html'))).to.equal(true);
  });

  it('what is printed comes after the last line of the display, and --json prints one document', async () => {
    const { file, out } = scenarioFile({});
    const run = startCommand('run', file, '--out', out, '--json');
    expect(await run.ended).to.equal(0);
    expect(JSON.parse(run.printed.out).directory).to.be.a('string');
  });

  for (const [what, features] of [
    ['80 kB', 2000],
    ['1.2 MB, in chunks', 30_000],
  ] as const)
    it(`vectors of ${what} whose memory goes from thread to thread and back: bits of a run in one process`, async () => {
      const digests = [0, 2].map(async (workers) => {
        const folder = temporaryFolder();
        const [file, out] = [join(folder, 'scenario.json'), join(folder, 'out')];
        const run: ScenarioInput = {
          name: 'memory',
          method: { name: 'fedavg', batchSize: 10 },
          objective: { name: 'softmax-regression' },
          data: { name: 'gaussian-clusters', features, examples: 120, testExamples: 20 },
          clients: 6,
          rounds: 4,
          seed: 3,
          workers: { count: workers },
        };
        writeFileSync(file, JSON.stringify(run));
        expect(await startCommand('run', file, '--out', out).ended).to.equal(0);
        return digestIn(out);
      });
      const [alone, remote] = await Promise.all(digests);
      expect(remote)
        .to.match(/^[0-9a-f]{64}$/)
        .and.equal(alone);
    });
});
