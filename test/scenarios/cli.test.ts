import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { GradswarmError } from '../../protocol/errors.js';
import type { Holds } from '../../protocol/scenario/expectation.js';
import { exitStatusOfError } from '../../scenarios/commands/exit-status.js';
import { listenAddress, wholeNumber } from '../../scenarios/commands/options.js';
import { table } from '../../scenarios/commands/table.js';
import { shippedNames } from '../../scenarios/run/load.js';

const path = (relative: string) => fileURLToPath(new URL(`../../scenarios/${relative}`, import.meta.url));

function cli(...args: string[]) {
  return spawnSync(process.execPath, [path('cli.js'), ...args], { encoding: 'utf8' });
}

/** A process that does `code` with what the module of that path exports. */
function script(module: string, code: string): string[] {
  return ['--input-type=module', '--eval', `import * as module from ${JSON.stringify(path(module))};\n${code}`];
}

describe('gradswarm', () => {
  it('--version prints the version of package.json and ends with 0', () => {
    const { status, stdout } = cli('--version');
    expect([status, stdout]).to.deep.equal([0, '0.1.0\n']);
  });

  it('ends with 0 and without a stack trace when its output has no reader', async () => {
    const child = spawn(process.execPath, [path('cli.js'), 'list'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let errors = '';
    child.stderr.on('data', (chunk) => (errors += chunk));
    const [status] = await once(child, 'close');
    expect([status, errors]).to.deep.equal([0, '']);
  });

  for (const command of [[], ['list'], ['run'], ['worker'], ['search'], ['replay'], ['resume'], ['bench']]) {
    it(`${command.join('')} --help shows examples and ends with 0`, () => {
      const { status, stdout, stderr } = cli(...command, '--help');
      expect(stderr).to.equal('');
      expect(status).to.equal(0);
      expect(stdout).to.match(/\nExamples:\n {2}gradswarm /);
    });
  }

  const refusals: readonly [args: string[], text: string][] = [
    [[], 'Usage: gradswarm'],
    [['rnu'], "unknown command 'rnu'\n(Did you mean run?)"],
    [['run'], "missing required argument 'scenario'"],
    [['run', 'x', 'y'], 'too many arguments'],
    [['run', 'x', '--sead', '1'], "unknown option '--sead'\n(Did you mean --seed?)"],
    [['run', 'x', '--workers', 'two'], "Expected an integer of at least 0, got 'two'."],
    [['run', 'x', '--rounds', '0'], "Expected an integer of at least 1, got '0'."],
    [['run', 'x', '--listen', '7700'], "Expected [host]:port such as :7700 or 127.0.0.1:7700, got '7700'."],
    [['run', 'x', '--set', 'rounds'], "ERR_USAGE: --set: expected path=value such as rounds=50, got 'rounds'"],
    [['run', 'no-such-scenario'], "ERR_SCENARIO: expected the name of a scenario, got 'no-such-scenario'"],
    [['run', './no-such.json'], 'ERR_SCENARIO: ./no-such.json: expected a scenario file or a run directory'],
    [['worker'], "required option '--join <url>' not specified"],
    [['worker', '--join', 'coordinator:7700'], 'Expected a URL such as ws://coordinator:7700'],
    [['search', 'x'], "required option '--over <path=values>' not specified"],
    [['search', 'x', '--over', 'a'], 'ERR_USAGE: --over: expected PATH='],
    [['search', 'x', '--over', 'a=1', '--goal', 'max:los'], 'Expected max:FIGURE or min:FIGURE with finalLoss'],
    [['bench', '--repeats', '-1'], "Expected an integer of at least 1, got '-1'."],
  ];
  for (const [args, text] of refusals) {
    it(`'${args.join(' ')}' ends with 3 and says why on standard error alone`, () => {
      const { status, stdout, stderr } = cli(...args);
      expect(stderr).to.include(text);
      expect(stderr).not.to.include('    at ');
      expect(stdout).to.equal('');
      expect(status).to.equal(3);
    });
  }

  it('--json puts one JSON document on standard output, also for an error', () => {
    const { status, stdout } = cli('run', 'no-such-scenario', '--json');
    expect(status).to.equal(3);
    expect(JSON.parse(stdout).error.code).to.equal('ERR_SCENARIO');
    expect(JSON.parse(cli('run', '--json', '--bogus').stdout).error.code).to.equal('ERR_USAGE');
  });

  it('a command that is used wrongly shows an example of it', () => {
    expect(cli('run').stderr).to.include('\nfor example: gradswarm run quick-start\n');
    expect(cli('replay', 'a', 'b').stderr).to.include('\nfor example: gradswarm replay runs/latest\n');
  });

  it('list has no line of more than 100 characters in a pipe, and --long has every description', () => {
    expect(
      Math.max(
        ...cli('list')
          .stdout.split('\n')
          .map(({ length }) => length),
      ),
    ).to.be.at.most(100);
    expect(cli('list', '--long').stdout).to.include('in two worker processes over');
  });

  it('list shows a line for every shipped scenario, and --json the same as data', () => {
    const names = shippedNames();
    const { status, stdout } = cli('list');
    expect(status).to.equal(0);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).to.deep.equal(['NAME', ...names]);
    expect(JSON.parse(cli('list', '--json').stdout).map(({ name }: { name: string }) => name)).to.deep.equal(names);
  });
});

describe('exit status', () => {
  const valid: readonly [Holds, number, string][] = [
    [true, 0, 'VALID'],
    [false, 1, 'NOT VALID'],
    ['unknown', 2, 'INCONCLUSIVE'],
  ];
  const outcome = (holds: Holds) => ({
    directory: 'd',
    verdict: { valid: holds, expectations: [{ name: 'finite', holds, observed: 1, detail: 'seen' }] },
    summary: {},
    stateDigest: 'a1',
    reportPath: 'd/report.md',
  });
  const result = (holds: Holds, printing: object) => {
    const code = `await module.report(async () => (${JSON.stringify(outcome(holds))}), ${JSON.stringify(printing)});`;
    return spawnSync(process.execPath, script('commands/outcome.js', code), { encoding: 'utf8' });
  };
  for (const [holds, status, word] of valid) {
    it(`${status} for a verdict of ${holds}`, () => {
      const seen = result(holds, {});
      expect(seen.status, seen.stderr).to.equal(status);
      expect(seen.stdout)
        .to.match(new RegExp(`^${word}  state a1$`, 'm'))
        .and.include('report: d/report.md');
    });
  }

  it('the result as JSON is the outcome and nothing else', () => {
    expect(JSON.parse(result(true, { json: true }).stdout)).to.deep.equal(outcome(true));
  });

  it('quiet prints nothing about a valid run, and on standard error why another is not', () => {
    expect(result(true, { quiet: true })).to.include({ stdout: '', stderr: '', status: 0 });
    const { stdout, stderr, status } = result(false, { quiet: true });
    expect([stdout, status]).to.deep.equal(['', 1]);
    expect(stderr).to.include('not met      finite: seen\nNOT VALID').and.include('report: d/report.md');
  });

  it('3 for what was not accepted, 2 for a run that broke off', () => {
    expect(exitStatusOfError(new GradswarmError('ERR_CODEC_REFUSED', 'x'))).to.equal(3);
    expect(exitStatusOfError(new GradswarmError('ERR_WORKER_LOST', 'x'))).to.equal(2);
    expect(exitStatusOfError(new GradswarmError('ERR_STOPPED', 'x'))).to.equal(2);
    expect(exitStatusOfError(new TypeError('x'))).to.equal(2);
  });
});

describe('Ctrl-C', () => {
  const waiting = (onAbort: string) =>
    spawn(
      process.execPath,
      script(
        'run/interrupt.js',
        `await module.interruptible((signal) => new Promise((done) => {
          const alive = setInterval(() => {}, 1000);
          signal.addEventListener('abort', () => { ${onAbort} });
          process.stdout.write('ready');
        }));`,
      ),
    );

  it('once aborts the signal, and what was begun is finished', async () => {
    const child = waiting("clearInterval(alive); done(); process.stdout.write(' stopped');");
    let seen = '';
    child.stdout.on('data', (text) => {
      seen += text;
      if (seen === 'ready') child.kill('SIGINT');
    });
    expect(await once(child, 'close')).to.deep.equal([0, null]);
    expect(seen).to.equal('ready stopped');
  });

  it('twice ends the process at once with 130', async () => {
    const child = waiting("process.stdout.write(' deaf');");
    let seen = '';
    child.stdout.on('data', (text) => {
      seen += text;
      child.kill('SIGINT');
    });
    expect(await once(child, 'close')).to.deep.equal([130, null]);
    expect(seen).to.equal('ready deaf');
  });
});

describe('option values', () => {
  it('an address is [host]:port with every interface by default', () => {
    expect(listenAddress(':7700')).to.deep.equal({ host: '::', port: 7700 });
    expect(listenAddress('127.0.0.1:0')).to.deep.equal({ host: '127.0.0.1', port: 0 });
    expect(listenAddress('[::1]:80')).to.deep.equal({ host: '::1', port: 80 });
    for (const text of ['::1:80', 'host:', ':65536', ':x', 'host'])
      expect(() => listenAddress(text)).to.throw('Expected [host]:port');
  });

  it('a whole number is no fraction, no word and nothing below its least', () => {
    expect(wholeNumber(2)('2')).to.equal(2);
    for (const text of ['1', '2.5', '', ' ', 'NaN', '1e400']) expect(() => wholeNumber(2)(text)).to.throw('at least 2');
  });

  it('a table has columns of equal width and is cut to the terminal', () => {
    expect(
      table(
        ['A', 'B'],
        [
          ['long', 'x'],
          ['s', 'yyyyyyyy'],
        ],
        10,
      ),
    ).to.equal('A     B\nlong  x\ns     yyy…');
  });
});
