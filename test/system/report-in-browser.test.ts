import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { runInput, temporaryFolder, WITH_REPORT } from '../support/scripted-run.js';
import { program } from './debian.js';

describe('the report in a browser', () => {
  it('opens offline as one page: title, verdict and inline plots are shown, nothing else is asked for', async function () {
    const chromium = program('chromium', 'chromium');
    if (!chromium) return this.skip();
    const { path } = await runInput(
      {
        name: 'report-in-browser',
        description: 'Seen by Chromium.',
        method: 'fedavg',
        data: { name: 'gaussian-clusters', partition: { name: 'dirichlet', alpha: 0.3 } },
        clients: 6,
        rounds: 10,
        expect: [{ name: 'above', of: 'finalAccuracy', value: 0.1 }],
      },
      WITH_REPORT,
    );
    const report = join(path, 'report.html');
    expect(readFileSync(report, 'utf8')).to.not.match(
      /(src|href)="(?!https:\/\/(arxiv|doi|papers|proceedings)|#|point-|plots\/)/,
    );
    const folder = temporaryFolder();
    const picture = join(folder, 'report.png');
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND',
      `--user-data-dir=${join(folder, 'profile')}`,
      '--window-size=1000,3000',
    ];
    const dom = spawnSync(chromium, [...flags, '--dump-dom', `file://${report}`], {
      encoding: 'utf8',
      timeout: 120_000,
    });
    expect(dom.stdout).to.include('report-in-browser').and.to.include('Seen by Chromium.').and.to.match(/<svg/);
    spawnSync(chromium, [...flags, `--screenshot=${picture}`, `file://${report}`], { timeout: 120_000 });
    // A blank page of this size is a few kilobytes.
    expect(statSync(picture).size).to.be.above(40_000);
  });
});
