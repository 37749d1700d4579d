import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { accountCommand } from '../../../scenarios/commands/account.js';

/** Runs `gradswarm account` in process: what it wrote, by stream. */
async function run(line: string): Promise<{ readonly out: string; readonly err: string }> {
  let out = '';
  let err = '';
  const command = accountCommand().exitOverride();
  command.configureOutput({
    writeOut: (text) => {
      out += text;
    },
    writeErr: (text) => {
      err += text;
    },
  });
  await command.parseAsync(line.split(' '), { from: 'user' });
  return { out, err };
}

/** What `run` threw, as text. */
async function refusal(line: string): Promise<string> {
  try {
    await run(line);
  } catch (error) {
    return String(error);
  }
  return 'nothing was thrown';
}

describe('scenarios/commands/account', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gradswarm-account-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('--json prints exactly one object with epsilon, order and method, on one line', async () => {
    const { out, err } = await run('--q 0.01 --noise-multiplier 1.1 --steps 1000 --delta 1e-5 --method auto --json');
    expect(out.trimEnd().split('\n')).to.have.length(1);
    const answer = JSON.parse(out);
    expect(Object.keys(answer)).to.deep.equal(['epsilon', 'order', 'method']);
    expect(answer.epsilon).to.be.closeTo(1.7117700912181728, 1e-12);
    expect(answer).to.include({ order: 9.6, method: 'rdp' });
    expect(err).to.equal('');
  });

  it('--target-epsilon adds the noise multiplier; an unbounded epsilon is the text Infinity', async () => {
    const target = JSON.parse((await run('--q 1 --steps 50 --delta 1e-5 --target-epsilon 2 --json')).out);
    expect(Object.keys(target)).to.deep.equal(['epsilon', 'order', 'method', 'noiseMultiplier']);
    expect(target.noiseMultiplier).to.be.closeTo(14.0983824, 1e-6);
    const none = JSON.parse((await run('--q 1 --steps 50 --delta 1e-5 --noise-multiplier 0 --json')).out);
    expect(none).to.deep.equal({ epsilon: 'Infinity', order: null, method: 'exact-gaussian' });
  });

  it('without --json a sentence says epsilon, delta and how; warnings go to the error stream', async () => {
    const { out, err } = await run('--q 0.01 --noise-multiplier 1.1 --steps 1000 --delta 0.1 --records 5 --method rdp');
    expect(out).to.match(/^epsilon 0\.\d+ at delta 0\.1 \(Renyi order [\d.]+\)\n$/);
    expect(err).to.equal('');
    expect((await run('--q 1 --noise-multiplier 9 --steps 10 --delta 0.5 --records 5')).err).to.match(
      /^warning: delta 0\.5/,
    );
  });

  it('--ledger composes the entries of a file, bare or as a ledger', async () => {
    const path = join(folder, 'ledger.json');
    const entries = [
      { q: 0.01, noiseMultiplier: 4, steps: 1000 },
      { noiseMultiplier: 20, count: 10 },
    ];
    for (const held of [entries, { entries }]) {
      writeFileSync(path, JSON.stringify(held));
      const answer = JSON.parse((await run(`--ledger ${path} --delta 1e-5 --method rdp --json`)).out);
      expect(answer.epsilon).to.be.closeTo(0.6983509810412837, 1e-12);
    }
    writeFileSync(path, '{');
    expect(await refusal(`--ledger ${path} --delta 1e-5`)).to.match(
      /ERR_USAGE: --ledger .*: line 1, column \d+: expected JSON/,
    );
    expect(await refusal(`--ledger ${join(folder, 'none')} --delta 1e-5`)).to.match(/ERR_USAGE.*cannot be read/);
  });

  it('refuses a value that is no number, a missing delta, an unknown grid, and sampled replace-one', async () => {
    expect(await refusal('--q abc --delta 1e-5')).to.match(/expected a number/);
    expect(await refusal('--q 1 --steps 1 --noise-multiplier 1')).to.match(/--delta/);
    expect(await refusal('--orders mine --delta 1e-5')).to.match(/--orders.*expected one of dp_accounting/);
    expect(await refusal('--orders 2,,3 --delta 1e-5')).to.match(/--orders.*expected one of dp_accounting/);
    expect(
      await refusal('--q 0.1 --steps 1 --noise-multiplier 1 --delta 1e-5 --adjacency replace-one --method rdp'),
    ).to.match(/ERR_PRIVACY.*add-remove/);
    expect(await refusal('--q 0.1 --steps 1 --delta 1e-5')).to.match(/ERR_USAGE.*noise multiplier/);
  });

  it('what no theorem covers is refused by name: shuffled batches, and by Renyi orders all but Poisson with add-remove', async () => {
    const question = '--q 0.1 --noise-multiplier 1 --steps 10 --delta 1e-5';
    for (const adjacency of ['add-remove', 'replace-one'])
      expect(await refusal(`${question} --sampling shuffled --adjacency ${adjacency}`)).to.match(
        /ERR_PRIVACY: --sampling shuffled: .*no theorem/,
      );
    const best = '--runs 20 --runs-law geometric';
    for (const [options, got] of [
      ['--adjacency replace-one --method rdp', 'poisson sampling and replace-one'],
      ['--sampling without-replacement --method rdp', 'without-replacement sampling and add-remove'],
      [`--adjacency replace-one ${best}`, 'poisson sampling and replace-one'],
      [`--sampling without-replacement ${best}`, 'without-replacement sampling and add-remove'],
    ] as const)
      expect(await refusal(`${question} ${options}`), options).to.match(
        new RegExp(`ERR_PRIVACY: method rdp: .*proved for Poisson sampling and add-remove adjacency only, got ${got}`),
      );
    expect(await refusal(`${question} --cap 700 --records 5000 --method rdp`)).to.match(/ERR_PRIVACY.*with a cap/);
  });

  it('--orders takes a list of orders as well', async () => {
    const question = '--q 0.01 --noise-multiplier 1.1 --steps 1000 --delta 1e-5 --method rdp --json';
    const { epsilon, order } = JSON.parse((await run(`${question} --orders 2,9.6,64`)).out);
    expect(epsilon).to.be.closeTo(1.7117700912181728, 1e-12);
    expect(order).to.equal(9.6);
    for (const wrong of ['1,2', '3,2', '2,1e7'])
      expect(await refusal(`${question} --orders ${wrong}`)).to.match(/ERR_PRIVACY: orders\[\d\]: expected ascending/);
  });

  it('what is missing, or too much beside a ledger, is named as the option it is', async () => {
    const path = join(folder, 'whole.json');
    writeFileSync(path, '[{"z": 4}]');
    for (const [line, option] of [
      ['--noise-multiplier 1 --steps 1', '--q'],
      ['--q 0.1 --steps 1', '--noise-multiplier'],
      ['--q 0.1 --noise-multiplier 1', '--steps'],
      ['--q 0.1 --noise-multiplier 1 --steps 1 --target-epsilon 1', '--target-epsilon'],
      [`--ledger ${path} --q 0.1`, '--q'],
      [`--ledger ${path} --adjacency add-remove`, '--adjacency'],
      [`--ledger ${path} --target-epsilon 1`, '--target-epsilon'],
    ] as const)
      expect(await refusal(`${line} --delta 1e-5`), line).to.match(new RegExp(`ERR_USAGE.*\\(${option}\\)`));
    for (const records of ['0', '-5', '1.5'])
      expect(await refusal(`--ledger ${path} --delta 1e-5 --records ${records}`)).to.match(
        /ERR_PRIVACY: number of rec/,
      );
  });

  it('without noise the sentence names no order', async () => {
    const { out } = await run('--q 0.1 --noise-multiplier 0 --steps 1 --delta 1e-5 --method rdp');
    expect(out).to.equal('epsilon Infinity at delta 0.00001 (Renyi orders)\n');
  });

  it('--help shows examples that the command accepts', async () => {
    let help = '';
    const command = accountCommand();
    command.configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    command.outputHelp();
    const examples = [...help.matchAll(/gradswarm account (--q.*)/g)].map((match) => match[1]!);
    expect(examples).to.have.length(6);
    for (const example of examples) expect((await run(example)).out).to.match(/epsilon/);
  });
});
