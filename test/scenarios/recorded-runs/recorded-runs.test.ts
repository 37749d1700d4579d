import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { RunLock } from '../../../coordinator/run-directory/run-lock.js';
import { tableInBlocks } from '../../../scenarios/commands/table.js';
import { ageText, parseAge } from '../../../scenarios/recorded-runs/age.js';
import { remove, runsToClean } from '../../../scenarios/recorded-runs/clean.js';
import { comparisonOf, letterOf } from '../../../scenarios/recorded-runs/comparison.js';
import { comparisonPage } from '../../../scenarios/recorded-runs/comparison-page.js';
import { differingSettings } from '../../../scenarios/recorded-runs/differences.js';
import { findRuns } from '../../../scenarios/recorded-runs/find-runs.js';
import { overviewOf } from '../../../scenarios/recorded-runs/overview.js';
import { logOf } from '../../../scenarios/recorded-runs/run-log.js';
import { runText } from '../../../scenarios/recorded-runs/run-text.js';
import { sparkline } from '../../../scenarios/recorded-runs/sparkline.js';
import { stopRun } from '../../../scenarios/recorded-runs/stop-run.js';
import { openRun } from '../../../scenarios/run/open-run.js';
import { run } from '../../../scenarios/run/program.js';

const SCENARIO = {
  method: { name: 'sgd', optimizer: { name: 'sgd', learningRate: 0.1 }, batchSize: 4 },
  objective: 'softmax-regression',
  data: { name: 'gaussian-clusters', examples: 40, testExamples: 20 },
  clients: 4,
  rounds: 3,
} as const;

const DAY = 86_400_000;

describe('recorded runs', () => {
  let root: string;
  const at = (...names: string[]) => join(root, ...names);
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'gradswarm-recorded-'));
    mkdirSync(at('one'));
    mkdirSync(at('two'));
    await run({ name: 'one', ...SCENARIO }, { directory: at('one', 'a') });
    await run({ name: 'one', ...SCENARIO, rounds: 4, seed: 2 }, { directory: at('one', 'b') });
    await run(
      { name: 'two', ...SCENARIO, expect: [{ name: 'above', of: 'finalAccuracy', value: 1.1 }] },
      { directory: at('two', 'c') },
    );
  });
  after(() => rmSync(root, { recursive: true }));

  it('are found, newest first, with verdict and size, and without the folders inside them', () => {
    mkdirSync(at('two', 'c', 'inside'), { recursive: true });
    writeFileSync(at('two', 'c', 'inside', 'manifest.json'), '{}');
    const found = findRuns(root);
    expect(found.map(({ path }) => path.slice(root.length))).to.deep.equal(['/two/c', '/one/b', '/one/a']);
    expect(found.map(({ state, valid, done, of }) => [state, valid, done, of])).to.deep.equal([
      ['finished', false, 3, 3],
      ['finished', true, 4, 4],
      ['finished', true, 3, 3],
    ]);
    expect(found[0]!.bytes).to.be.greaterThan(10_000);
  });

  it('are running while their lock is held, and can then neither be cleaned nor, from this process, be missed', () => {
    const lock = RunLock.take(at('one', 'a'));
    try {
      expect(overviewOf(at('one', 'a')).state).to.equal('running');
      expect(runsToClean(root, { keep: 0 }, Date.now()).map(({ path }) => path)).not.to.include(at('one', 'a'));
    } finally {
      lock.release();
    }
    expect(overviewOf(at('one', 'a')).state).to.equal('finished');
  });

  it('of another machine cannot be stopped from here, nor one that nothing writes', async () => {
    const holder = { key: 'x', pid: 1, host: `not-${hostname()}`, born: null, boot: 'other', space: 'other' };
    writeFileSync(at('one', 'a', 'lock'), JSON.stringify(holder));
    const failure = await stopRun(at('one', 'a'), 0).catch((error: Error) => error);
    rmSync(at('one', 'a', 'lock'));
    expect(String(failure)).to.match(/expected a run of this machine, got one of process 1 on not-/);
    expect(String(await stopRun(at('one', 'a'), 0).catch((error: Error) => error))).to.match(/no process writes/);
  });

  it('of another process are stopped by SIGTERM, and it is waited for', async () => {
    const lockModule = new URL('../../../coordinator/run-directory/run-lock.js', import.meta.url).href;
    const code = `import { RunLock } from ${JSON.stringify(lockModule)};
      const lock = RunLock.take(${JSON.stringify(at('one', 'a'))});
      const alive = setInterval(() => {}, 1000);
      process.on('SIGTERM', () => setTimeout(() => { lock.release(); clearInterval(alive); }, 3000));
      process.stdout.write('locked');`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code]);
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    expect(overviewOf(at('one', 'a')).state).to.equal('running');
    const early = await stopRun(at('one', 'a'), 0).catch((error: Error) => error);
    expect(String(early)).to.match(/was asked to stop and has not yet/);
    expect(await stopRun(at('one', 'a'), 30_000)).to.deep.equal({ pid: child.pid });
    expect(await ended).to.deep.equal([0, null]);
    expect(overviewOf(at('one', 'a')).state).to.equal('finished');
  });

  it('are shown with their curves and their verdict', () => {
    const text = runText(overviewOf(at('two', 'c')), openRun(at('two', 'c'))).join('\n');
    expect(text).to.match(
      /^two {2}NOT VALID\nsgd, softmax-regression on gaussian-clusters, 4 clients, seed 1, 3 of 3 rounds\n/,
    );
    expect(text).to.match(/\nloss {6}[▁-█]{3} {2}[\d.]+ → [\d.]+\n/);
    expect(text).to.match(/\nnot met {6}above: finalAccuracy is /);
  });

  it('are compared in the settings and results that differ, and in no other', async () => {
    const { named, groups, ...comparison } = comparisonOf([at('one', 'a'), at('one', 'b')]);
    expect(comparison.settings).to.deep.equal([
      { name: 'rounds', values: [3, 4] },
      { name: 'seed', values: [1, 2] },
    ]);
    expect(comparison.labels).to.deep.equal(['a rounds=3 seed=1', 'b rounds=4 seed=2']);
    const names = comparison.results.map(({ name }) => name);
    expect(names).to.include.members(['verdict', 'rounds', 'finalLoss', 'bytesUp', 'state']);
    expect(names).not.to.include('transport');
    const page = await comparisonPage(comparison, { named, groups });
    expect([comparison.differences, groups]).to.deep.equal([[], []]);
    expect(page).to.include('a rounds=3 seed=1').and.include('<svg').and.not.include('href="http');
  });

  it('have a log of their rounds and processes, and the end', async () => {
    const lines: string[] = [];
    for await (const { text } of logOf(at('one', 'a'), true, new AbortController().signal)) lines.push(text);
    expect(lines[0]).to.match(/started: epoch 1, fromRound 0$/);
    expect(lines.filter((line) => /round \d: loss [\d.]+, accuracy [\d.]+ %$/.test(line))).to.have.length(3);
    expect(lines.at(-1)).to.match(/round 3: finished, state [\da-f]{64}$/);
  });

  it('are cleaned by age, by number and by verdict, all conditions together', () => {
    const now = Date.now();
    const cleaned = (...[options, when]: [object, number?]) =>
      runsToClean(root, options, when ?? now).map(({ path }) => path.slice(root.length));
    expect(cleaned({ olderThanMs: DAY })).to.deep.equal([]);
    expect(cleaned({ olderThanMs: DAY }, now + 2 * DAY)).to.deep.equal(['/two/c', '/one/b', '/one/a']);
    expect(cleaned({ keep: 1 })).to.deep.equal(['/one/a']);
    expect(cleaned({ failed: true })).to.deep.equal(['/two/c']);
    expect(cleaned({ failed: true, keep: 1 })).to.deep.equal([]);
  });

  it('that are removed take the empty folder above and the link to them along', () => {
    symlinkSync(at('two', 'c'), at('latest'));
    remove(root, runsToClean(root, { failed: true }, Date.now()));
    expect([existsSync(at('two')), existsSync(at('one', 'a'))]).to.deep.equal([false, true]);
    expect(findRuns(root)).to.have.length(2);
    expect(() => symlinkSync(at('one', 'a'), at('latest'))).not.to.throw();
  });
});

describe('words about recorded runs', () => {
  it('a sparkline has the least number lowest and the largest highest, and a space for none', () => {
    expect(sparkline([0, 7, 3.5, null], 10)).to.equal('▁█▅ ');
    expect(sparkline([1, 1], 10)).to.equal('▁▁');
    expect(sparkline([0, 0, 8, 8], 2)).to.equal('▁█');
  });

  it('an age has one unit, and the same words are read back', () => {
    expect([999, 1000, 90_000, 3 * DAY + 5].map(ageText)).to.deep.equal(['0 s', '1 s', '1 min', '3 d']);
    expect(['7d', '12h', '30min', '10s', '7', 'd', '1w'].map(parseAge)).to.deep.equal([
      ...[7 * DAY, 12 * 3_600_000, 1_800_000, 10_000],
      ...[null, null, null],
    ]);
  });

  it('runs are lettered a to z and then aa', () => {
    expect([0, 25, 26, 27, 701, 702].map(letterOf)).to.deep.equal(['a', 'z', 'aa', 'ab', 'zz', 'aaa']);
  });

  it('a setting differs by its path, a list as a whole, and what a run is called does not count', () => {
    expect(
      differingSettings([
        { name: 'x', expect: [1], method: { name: 'sgd', at: { a: 1, b: [1, 2] } } },
        { name: 'y', expect: [2], method: { name: 'sgd', at: { a: 1, b: [2] } }, rounds: 3 },
      ]),
    ).to.deep.equal([
      { name: 'method.at.b', values: [[1, 2], [2]] },
      { name: 'rounds', values: [undefined, 3] },
    ]);
  });

  it('a table that is too wide continues below with its first column again', () => {
    const rows = [['x', '11111', '22222', '33333']];
    expect(tableInBlocks(['N', 'a', 'b', 'c'], rows, 17)).to.deep.equal([
      'N  a      b\nx  11111  22222',
      'N  c\nx  33333',
    ]);
    expect(tableInBlocks(['N', 'a'], [['x', '1'.repeat(50)]], 20)).to.have.length(1);
    // Not on a terminal: everything fits.
    expect(tableInBlocks(['N', 'a', 'b', 'c'], rows, Number.POSITIVE_INFINITY)).to.deep.equal([
      'N  a      b      c\nx  11111  22222  33333',
    ]);
  });
});
