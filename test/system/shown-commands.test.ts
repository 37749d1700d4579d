import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { CLI } from '../support/own-modules.js';
import { temporaryFolder } from '../support/scripted-run.js';
import { type ShownCommand, shownCommands } from '../support/shown-commands.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Pages whose commands another test runs. */
const PAGES_ELSEWHERE: Readonly<Record<string, string>> = {
  'docs/tutorial.md': 'tutorial.test.ts, word for word',
  'docs/deploy.md': 'test/system/swarm, cabled-hosts.test.ts',
};

/** Commands that another test runs, by how they begin. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'swarm ': 'test/system/swarm',
  'worker --join': 'worker-processes.test.ts',
  'run quick-start --listen': 'worker-processes.test.ts',
  'serve ': 'kills.test.ts',
  'conformance worker -- python3': 'python-worker.test.ts',
  'conformance worker --case': 'conformance-worker.test.ts',
  'conformance coordinator': 'conformance-coordinator.test.ts',
  'run ./my-method.json': 'own-modules.test.ts',
  'check ./my-method.ts': 'own-modules.test.ts',
  open: 'below',
  bench: 'benchmarks.test.ts at small sizes; whole, it takes minutes',
};

/** Exit statuses other than 0, where the pages before have left nothing to do. */
const STATUS: Readonly<Record<string, readonly [number, RegExp]>> = {
  'resume runs/latest': [3, /expected an unfinished run, got one that did all \d+ rounds/],
  stop: [3, /expected a run that is under way/],
};

describe('commands that pages show, run as they are', function () {
  this.timeout(600_000);

  const folder = temporaryFolder();
  mkdirSync(join(folder, 'docs'), { recursive: true });
  cpSync(join(ROOT, 'docs/examples'), join(folder, 'docs/examples'), { recursive: true });
  const results = readFileSync(join(ROOT, 'docs/results.md'), 'utf8');
  const seen = new Set<string>();

  for (const { page, line, words } of shownCommands(ROOT).filter(({ block }) => block)) {
    const text = words.join(' ');
    const elsewhere = Object.keys(ELSEWHERE).some((begin) => text.startsWith(begin));
    if (seen.has(text) || elsewhere || page in PAGES_ELSEWHERE) continue;
    seen.add(text);
    if (isRecorded(words, results)) continue;
    it(`${page}:${line}: gradswarm ${text}`, () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...expanded(words, folder)], {
        cwd: folder,
        encoding: 'utf8',
      });
      const [expected, message] = STATUS[text] ?? [0, /^/];
      expect(status, stdout + stderr).to.equal(expected);
      expect(stdout + stderr).to.match(message);
    });
  }

  it('open shows the run that runs/latest leads to, until it is interrupted', async () => {
    const child = spawn(process.execPath, [CLI, 'open', '--json'], { cwd: folder });
    const { url } = JSON.parse(await firstLine(child)) as { url: string };
    const { overviewOf } = await import('../../scenarios/recorded-runs/overview.js');
    const { name } = overviewOf(join(folder, 'runs/latest'));
    expect(await (await fetch(`${url}data.json`)).json()).to.include({ name });
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.once('close', resolve))).to.be.oneOf([0, 130]);
  });
});

/** Runs of a shipped scenario as it is, or at further seeds, have their results, verdict included, in docs/results.md. */
function isRecorded([verb, scenario, ...more]: ShownCommand['words'], results: string): boolean {
  const recorded = [`\`gradswarm run ${scenario}\``, `\`gradswarm run ${scenario} --seeds `];
  return verb === 'run' && more.length === 0 && recorded.some((command) => results.includes(command));
}

/** With the names that a shell puts in place of `*`. */
function expanded(words: readonly string[], folder: string): string[] {
  return words.flatMap((word) => {
    if (!word.endsWith('/*')) return [word];
    const parent = word.slice(0, -2);
    return readdirSync(join(folder, parent)).map((name) => `${parent}/${name}`);
  });
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    child.stdout!.on('data', (piece) => {
      text += piece;
      if (text.includes('\n')) resolve(text);
    });
  });
}
