import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { RunLock } from '../../coordinator/run-directory/run-lock.js';
import { LiveServer } from '../../scenarios/live/live-server.js';
import { runInput, temporaryFolder } from '../support/scripted-run.js';
import { program } from './debian.js';

describe('the live page', () => {
  let path: string;
  before(async () => {
    ({ path } = await runInput({
      name: 'live-page',
      description: 'With <b>faults</b>.',
      method: 'fedavg',
      data: 'gaussian-clusters',
      clients: 6,
      rounds: 12,
      faults: [{ fault: 'drop', probability: 0.1 }],
    }));
  });

  /** What Chromium makes of the page, all of it from the loopback. */
  const dom = async (chromium: string, url: string, ...more: string[]) => {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });

    const flags = [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...['--virtual-time-budget=4000', `--user-data-dir=${join(folder, 'profile')}`, ...more],
    ];
    // Not spawnSync: this process serves the page.
    const child = spawn(chromium, [...flags, '--dump-dom', url], { timeout: 120_000 });
    let text = '';
    child.stdout.on('data', (piece) => (text += piece));
    await new Promise((resolve) => child.once('close', resolve));
    return text;
  };

  it('shows a finished run with faults: curves, bytes, clients, faults, log and verdict, light and dark', async function () {
    const chromium = program('chromium', 'chromium');
    if (!chromium) return this.skip();
    const server = await LiveServer.open(() => path);
    try {
      for (const theme of [[], ['--force-dark-mode', '--blink-settings=preferredColorScheme=0']]) {
        const text = await dom(chromium, server.url, ...theme);
        expect(text)
          .to.match(/<h1 id="name">live-page<\/h1>/)
          .and.include('With &lt;b&gt;faults&lt;/b&gt;.');
        expect(text).to.include('round 12 of 12').and.include('>finished<');
        expect(text.match(/<polyline/g)).to.have.length(5);
        expect(text.match(/<span[^>]*title="client \d/g)).to.have.length(6);
        expect(text)
          .to.match(/title="client \d: absent \d+ times/)
          .and.match(/round \d+: \d absent of 6/);
        expect(text)
          .to.match(/class="true">VALID</)
          .and.include('finite: all');
      }
    } finally {
      await server.close();
    }
  });

  it('shows a run that is under way as running, and waits for one that has no folder yet', async function () {
    const chromium = program('chromium', 'chromium');
    if (!chromium) return this.skip();
    let folder: string | null = null;
    const server = await LiveServer.open(() => folder);
    const lock = RunLock.take(path);
    try {
      expect(await dom(chromium, server.url)).to.include('waiting for the run');
      folder = path;
      expect(await dom(chromium, server.url)).to.match(/<b id="state">running<\/b>/);
    } finally {
      lock.release();
      await server.close();
    }
  });

  it('is for this machine alone: another name in the address is refused, and it loads nothing', async () => {
    const server = await LiveServer.open(() => path);
    try {
      const { port } = new URL(server.url);
      const status = (host: string) =>
        new Promise<number | undefined>((resolve) =>
          get({ host: '127.0.0.1', port, path: '/data.json', headers: { host } }, ({ statusCode }) =>
            resolve(statusCode),
          ),
        );
      expect([await status('evil.example'), await status(`127.0.0.1:${port}`)]).to.deep.equal([403, 200]);
      const page = await (await fetch(server.url)).text();
      expect(page).not.to.match(/(src|href)=/);
    } finally {
      await server.close();
    }
  });
});
