import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { temporaryFolder } from '../support/scripted-run.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const PEER = 'FedJAX';

describe('test/peers/simulation.py', () => {
  it('names a program that cannot be installed, with the reason, and keeps what of the page is by hand', () => {
    const folder = temporaryFolder();
    const page = join(folder, 'performance.md');
    cpSync(join(root, 'docs', 'performance.md'), page);
    const before = readFileSync(page, 'utf8');
    // Nothing is installed yet in this folder, and nothing can be.
    const env = { ...process.env, TMPDIR: folder, PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder };
    const short = ['--only', 'small', '--rounds', '2', '--repeats', '1', '--beside', PEER];
    const args = ['test/peers/simulation.py', ...short, '--out', page];
    const { status, stdout, stderr } = spawnSync('python3', args, { cwd: root, encoding: 'utf8', env });
    expect(status, stderr).to.equal(0);
    const after = readFileSync(page, 'utf8');
    expect(stdout).to.match(new RegExp(`^skipped: ${PEER}: .+`, 'm'));
    expect(after).to.contain(`| ${PEER} | not measured | not measured |`);
    expect(after).to.match(/drawn images, no zeros \| not measured \| \d+\.\d\d \(/);
    const byHand = (text: string) => text.replace(/(?<=<!-- measured: small -->\n).*?(?=<!-- end -->)/s, '');
    expect(after).to.not.equal(before);
    expect(byHand(after)).to.equal(byHand(before));
  });
});
